#pragma once

#include <utility>
#include <vector>

#include "compile/stages.h"

namespace obscura::compile::testing {

/// All stages in plain double arithmetic: what encrypted runs approximate.
inline std::vector<double> run_stages(const std::vector<Stage>& stages, std::vector<double> x) {
  std::vector<std::vector<double>> values{std::move(x)};
  for (const Stage& stage : stages) values.push_back(run_stage(stage, values));
  return values.back();
}

}  // namespace obscura::compile::testing
