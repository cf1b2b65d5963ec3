#include "study/machine_speed.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/stopwatch.h"
#include "circuits/linear_plan.h"
#include "ckks/key_switcher.h"
#include "report/text.h"

namespace obscura::study {

double machine_slowdown(const program::Program& program) {
  const auto context = ckks::Context::create(program.client.parameters);
  const std::size_t limbs = context->max_limbs();
  const ckks::KeySwitcher switcher(context);
  const ring::Polynomial zero(context->degree(), limbs);
  std::array<double, 5> seconds{};
  for (double& s : seconds) {
    const Stopwatch watch;
    switcher.decompose(zero);
    s = watch.seconds();
  }
  std::nth_element(seconds.begin(), seconds.begin() + 2, seconds.end());
  return 1e6 * seconds[2] / circuits::step_costs(*context, limbs).decompose;
}

std::string expected_here(const program::Program& program, double slowdown) {
  return fmt::format("on this one  about {}: it takes {:.1f} times as long as the machine of the model to key-switch\n",
                     report::duration_text(slowdown * program.microseconds / 1e6), slowdown);
}

}  // namespace obscura::study
