#include "study/memory_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/machine.h"
#include "program/sizes.h"
#include "runtime/runner.h"
#include "study/describe.h"

namespace obscura::study {

void check_query_memory(const message::ClientSpec& client) {
  const double words = static_cast<double>(client.queries()) * static_cast<double>(client.input_limbs) *
                       std::exp2(client.parameters.log_degree);
  const double needs = 8 * words, has = physical_memory();
  if (needs <= has) return;
  throw UnsupportedError(fmt::format("a query for {} takes {:.0f} GB of memory, and this machine has {:.0f}",
                                     client.network, needs / 1e9, has / 1e9));
}

std::size_t matrix_memory(const compile::Budget& budget, const program::Program& program) {
  constexpr auto kDefault = static_cast<double>(runtime::kDefaultMemoryBudget);
  if (budget.memory == 0) return runtime::kDefaultMemoryBudget;
  // One byte keeps none ready; none at all is a runner that encodes every matrix as it is met (runtime::kOneQuery).
  return static_cast<std::size_t>(std::clamp(budget.memory - program::sizes(program).server, 1.0, kDefault));
}

void check_memory(const program::Program& program) {
  const double has = physical_memory();
  const double needs = program::sizes(program).server;
  if (needs <= has) return;
  const bool batched = program.client.mode == message::Mode::batched;
  throw UnsupportedError(fmt::format("{} needs about {:.0f} GB {}, and this machine has {:.0f}{}",
                                     program.client.network, needs / 1e9, mode_name(program.client.mode), has / 1e9,
                                     batched ? ": use --mode packed" : ""));
}

}  // namespace obscura::study
