#pragma once

// Internal to src/study/learning: what the plans of both papers are made of.
#include <cstddef>
#include <string>
#include <vector>

#include "study/learning/learnable_plan.h"

namespace obscura::study {

using PlanWords = std::vector<std::string>;

PlanWords joined(PlanWords words, const PlanWords& more);

/// How long and on how much rows are trained, as the options have it: --quick, --limit and --epochs against what the
/// plan has.
class RowSizes {
 public:
  explicit RowSizes(const ReproduceOptions& options);
  /// "--network N --epochs E --seed S".
  PlanWords network(const std::string& name, std::size_t epochs, std::uint64_t seed = 1) const;
  /// Training pictures of a row that would take `planned`.
  std::size_t pictures(std::size_t planned) const;
  /// Half of CIFAR-10, or as much of it as there may be: the first half is [0, half), the other [half, 2 half).
  std::size_t half() const;
  /// A data set of this name, or the one that stands for all.
  const std::string& dataset(const std::string& name) const;
  /// Not replaced by --dataset: whose last pictures are public ones.
  bool has_publics() const { return options_.dataset.empty(); }

 private:
  const ReproduceOptions& options_;
  std::size_t available_ = 0;  ///< training pictures of the data set that stands for all; 0: there is none
};

std::vector<LearnablePlan> er_cnn_rows(const RowSizes& sizes);
std::vector<LearnablePlan> color_neuracrypt_rows(const RowSizes& sizes);
std::vector<report::LearnableFigure> er_cnn_figures();
std::vector<report::LearnableFigure> color_neuracrypt_figures();

/// The backbones of ER-CNN's comparison, smaller ones of the same families.
inline constexpr const char* kBackbones[] = {"resnet8", "resnet20", "resnext11", "densenet22", "convnext-mini"};
inline constexpr std::size_t kBatches[] = {16, 32, 64, 128, 256};
inline constexpr const char* kRates[] = {"0.0005", "0.001", "0.002", "0.004", "0.008", "0.02", "0.05"};
inline constexpr std::size_t kKernels[] = {2, 4, 8};
inline constexpr const char* kLargeBackbones[] = {"resnet20", "resnext11", "convnext-mini"};
inline constexpr std::uint64_t kSeeds[] = {1, 2, 3};
inline constexpr std::size_t kStudyRounds = 3;

}  // namespace obscura::study
