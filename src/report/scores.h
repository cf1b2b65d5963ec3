#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace obscura::report {

/// Of one class: the share of its predictions that are right, the share of its images that were found, and their
/// harmonic mean. 0 where there is nothing to share.
struct ClassScore {
  double precision = 0, recall = 0, f1 = 0;
  std::size_t images = 0;  ///< that are of the class
};

/// Shares from 0 to 1.
struct Interval {
  double low = 0, high = 1;
};

/// Where the true share lies with 95 % confidence if `part` of `whole` images that were drawn at random are right:
/// Wilson's score interval (JASA 22, 1927). From 0 to 1 for no images.
Interval wilson_interval(std::size_t part, std::size_t whole);

/// How often the size of a logit's error fell into a bin: bin i holds those from 10^(kFirst + i / kPerDecade) on, the
/// first and last also what is below and above all bins.
struct ErrorHistogram {
  static constexpr int kFirst = -10, kLast = 2, kPerDecade = 4;
  std::vector<std::size_t> counts = std::vector<std::size_t>(static_cast<std::size_t>(kPerDecade) * (kLast - kFirst));
  void add(double error);
};

/// How good predictions are, and how near an encrypted run is to the plain one.
struct Scores {
  double plain_accuracy = 0, encrypted_accuracy = 0;  ///< 0 to 1
  Interval plain_interval, encrypted_interval;        ///< of both accuracies, with 95 % confidence
  std::size_t majority_class = 0;                     ///< the class that most images are of
  double majority_share = 0;                          ///< of the images: what naming it always would get right
  double f1_macro = 0;        ///< mean F1 of the encrypted run over the classes that occur as label or prediction
  double plain_f1_macro = 0;  ///< the same of the plain run
  double agreement = 0;       ///< how often both runs name the same class
  double max_logit_error = 0, rms_logit_error = 0;  ///< where both logits are numbers
  std::size_t no_numbers = 0;                       ///< logits that are none, in the clear or encrypted
  std::vector<std::vector<std::size_t>> confusion;  ///< of the encrypted run: [label][prediction]
  std::vector<ClassScore> classes;                  ///< of the encrypted run
  ErrorHistogram errors;                            ///< of all logits of all images
};

/// Logits of every image; both runs have `labels.size()` rows of the same length. Every label is below the number of
/// classes: that length, or two where a single logit says yes or no.
Scores score(const std::vector<std::vector<float>>& plain, const std::vector<std::vector<double>>& encrypted,
             std::span<const std::int64_t> labels);

}  // namespace obscura::report
