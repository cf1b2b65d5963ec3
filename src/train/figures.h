#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace obscura::train {

/// Of one class: the share of its pictures that were found, the share of its predictions that are right, and their
/// harmonic mean. 0 where there is nothing to share: see the counts.
struct ClassFigures {
  std::size_t images = 0;     ///< with this label
  std::size_t predicted = 0;  ///< taken for this class
  double recall = 0;
  double precision = 0;
  double f1 = 0;
};

/// How good predictions are.
struct Figures {
  std::size_t images = 0;
  std::size_t right = 0;
  double accuracy = 0;                              ///< right / images
  std::array<double, 2> interval{0, 1};             ///< of the accuracy, 95 %
  double mean_recall = 0;                           ///< over the classes that have pictures
  std::vector<ClassFigures> classes;                ///< in the order of the labels
  std::vector<std::vector<std::size_t>> confusion;  ///< [label][prediction]
};

/// Every label and prediction must be below `classes`; both lists have the same length.
Figures figures_of(const std::vector<std::int64_t>& labels, const std::vector<std::int64_t>& predicted,
                   std::size_t classes);

/// The score interval of a share (E. B. Wilson, 1927) at 95 %: where the true share lies, of which `right` of `images`
/// were seen. [0, 1] for no images.
std::array<double, 2> wilson_interval(std::size_t right, std::size_t images);

/// "93.10 % of 1,000 test pictures (95 % interval: 91.36 to 94.51 %)"
std::string accuracy_text(const Figures& figures, const std::string& of);

/// A line a class: its name, pictures, recall, precision, F1. Of more than `most` classes those with the lowest F1.
std::string class_table(const Figures& figures, const std::vector<std::string>& classes, std::size_t most = 30);

}  // namespace obscura::train
