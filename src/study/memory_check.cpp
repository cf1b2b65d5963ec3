#include "study/memory_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/free_memory.h"
#include "base/machine.h"
#include "program/sizes.h"
#include "runtime/runner.h"
#include "study/describe.h"

namespace obscura::study {

namespace {

/// Nothing where there is enough; else what to say of it.
std::string too_little(double needs) {
  const double free = free_memory(), has = physical_memory();
  if (needs <= std::min(free, has)) return {};
  if (needs > has) return fmt::format("this machine has {:.0f}", has / 1e9);
  return fmt::format("this machine has {:.0f}, of which {:.1f} are free", has / 1e9, free / 1e9);
}

}  // namespace

void check_query_memory(const message::ClientSpec& client) {
  const double words = static_cast<double>(client.queries()) * static_cast<double>(client.input_limbs) *
                       std::exp2(client.parameters.log_degree);
  const double needs = 8 * words;
  const std::string problem = too_little(needs);
  if (problem.empty()) return;
  throw UnsupportedError(
      fmt::format("a query for {} takes {:.1f} GB of memory, and {}: end other programs, or use a "
                  "larger machine",
                  client.network, needs / 1e9, problem));
}

std::size_t matrix_memory(const compile::Budget& budget, const program::Program& program) {
  constexpr auto kDefault = static_cast<double>(runtime::kDefaultMemoryBudget);
  if (budget.memory == 0) return runtime::kDefaultMemoryBudget;
  // One byte keeps none ready; none at all is a runner that encodes every matrix as it is met (runtime::kOneQuery).
  return static_cast<std::size_t>(std::clamp(budget.memory - program::sizes(program).server, 1.0, kDefault));
}

void check_memory(const program::Program& program) {
  const double needs = program::sizes(program).server;
  const std::string problem = too_little(needs);
  if (problem.empty()) return;
  const bool batched = program.client.mode == message::Mode::batched;
  throw UnsupportedError(fmt::format(
      "{} needs about {:.1f} GB {}, and {}: {}", program.client.network, needs / 1e9, mode_name(program.client.mode),
      problem, batched ? "use --mode packed" : "end other programs, or compile it with --max-memory"));
}

}  // namespace obscura::study
