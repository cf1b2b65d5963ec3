#include "study/machine_speed.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/stopwatch.h"
#include "circuits/linear_plan.h"
#include "ckks/key_switcher.h"
#include "report/text.h"

namespace obscura::study {
namespace {

constexpr std::size_t kTimes = 5;
constexpr double kLongest = 0.5;  // seconds, after which no more are timed

}  // namespace

double machine_slowdown(const program::Program& program) {
  const auto context = ckks::Context::create(program.client.parameters);
  const std::size_t limbs = context->max_limbs();
  const ckks::KeySwitcher switcher(context);
  const ring::Polynomial zero(context->degree(), limbs);
  switcher.decompose(zero);  // fresh memory takes several times as long
  std::vector<double> seconds;
  const Stopwatch all;
  while (seconds.size() < kTimes && (seconds.empty() || all.seconds() < kLongest)) {
    const Stopwatch watch;
    switcher.decompose(zero);
    seconds.push_back(watch.seconds());
  }
  const auto middle = seconds.begin() + static_cast<std::ptrdiff_t>(seconds.size() / 2);
  std::nth_element(seconds.begin(), middle, seconds.end());
  return 1e6 * *middle / circuits::step_costs(*context, limbs).decompose;
}

std::string expected_here(const program::Program& program, double slowdown) {
  return fmt::format("on this one  about {}: it takes {:.1f} times as long as the machine of the model to key-switch\n",
                     report::duration_text(slowdown * program.microseconds / 1e6), slowdown);
}

}  // namespace obscura::study
