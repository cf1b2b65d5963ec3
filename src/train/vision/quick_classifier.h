#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "train/vision/pictures.h"

namespace obscura::train {

/// A small network that is trained in a minute on a core, to see whether there is anything to learn at all.
struct QuickTask {
  PictureShape shape;
  std::size_t classes = 2;
  std::size_t epochs = 12;  ///< of AdamW, batches of 32
  double rate = 3e-3;       ///< falls to zero along a cosine
  std::uint64_t seed = 1;
  std::size_t threads = 1;
};

/// Three convolutions with batch norms and ReLU down to a sixteenth of the sides, the mean and the largest of every
/// map, one linear layer. Learns from pictures mirrored at random left to right and upside down. Not for two threads at
/// once (LibTorch's settings).
class QuickClassifier {
 public:
  /// `pictures`: planar, one after another, of about unit size; one label each. Throws MismatchError unless sizes agree
  /// and labels are below `classes`, Error if the loss stops being a number.
  QuickClassifier(const QuickTask& task, std::span<const float> pictures, std::span<const std::int64_t> labels);
  ~QuickClassifier();
  QuickClassifier(QuickClassifier&&) noexcept;
  QuickClassifier& operator=(QuickClassifier&&) noexcept;

  /// The best class of each. Throws MismatchError for other than whole pictures.
  std::vector<std::int64_t> predict(std::span<const float> pictures) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace obscura::train
