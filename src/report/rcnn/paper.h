#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <vector>

/// What the RCNN_CKKS paper prints, with the number of the table that it stands in, and what follows from these numbers
/// alone. Nothing here was measured.
namespace obscura::report::rcnn_paper {

std::string citation();

inline constexpr std::size_t kClasses = 10;
/// Of CIFAR-10, in the order of Tables 8 and 9, in small letters.
const std::array<const char*, kClasses>& classes();

/// Table 5: pictures to train on, a kind each, and the total that stands below them.
struct Augmented {
  const char* kind;
  std::size_t pictures;
};
const std::vector<Augmented>& augmentation();
inline constexpr std::size_t kAugmentedTotal = 450'000;

/// Table 6: the end of training.
inline constexpr double kTrainingAccuracy = 0.9794, kValidationAccuracy = 0.9843;
inline constexpr double kTrainingLoss = 0.3276, kValidationLoss = 0.3324;
inline constexpr double kEpochSeconds = 605;
inline constexpr std::size_t kEpochs = 100;
/// Table 7 (accuracy also in Table 12).
inline constexpr double kTestAccuracy = 0.9887, kTestLoss = 0.330, kTestSeconds = 35;
/// Abstract and conclusion: "for retriever images".
inline constexpr double kRetrieverImages = 0.9894;

/// Table 8: [actual class][predicted class].
using Confusion = std::array<std::array<std::size_t, kClasses>, kClasses>;
const Confusion& confusion();

/// Table 9; and the same of Table 8, unrounded.
struct ClassFigures {
  double precision = 0, recall = 0, f1 = 0;
};
const std::array<ClassFigures, kClasses>& class_figures();
std::array<ClassFigures, kClasses> figures_of_confusion();

/// Table 3: bits.
inline constexpr std::size_t kDegree = 8;
inline constexpr int kModulusBits = 600, kLargeModulusBits = 1200, kScaleBits = 100;

/// Table 11, seconds.
inline constexpr double kEncryptSeconds = 23, kDecryptSeconds = 21, kTrainingSeconds = 46'800, kTestingSeconds = 3'670,
                        kRetrieveSeconds = 0.06;

/// "46,800 s", "0.06 s": as the paper has them.
std::string seconds_text(double seconds);

/// Tables 12 (accuracy; 0: not in it) and 13 (mAP): works by their names and reference numbers as printed.
struct Compared {
  const char* work;
  double accuracy, map;
};
const std::vector<Compared>& compared();
inline constexpr double kMap = 0.967;

/// Where its figures and words contradict each other, or leave open what was done: a line each. What can be computed of
/// the numbers above is.
std::vector<std::string> contradictions();

}  // namespace obscura::report::rcnn_paper
