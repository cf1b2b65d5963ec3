#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "train/vision/pictures.h"

namespace obscura::train {

/// A decoder that is trained to undo a shield on pairs of plain and protected pictures.
struct InversionTask {
  PictureShape seen;            ///< what goes in
  std::size_t seen_patch = 1;   ///< pixels a side of a patch of it
  PictureShape plain;           ///< what is to come out
  std::size_t plain_patch = 1;  ///< both are as many patches high and wide
  std::size_t steps = 600;      ///< of Adam, batches of 64 pairs
  double rate = 2e-3;           ///< falls to zero along a cosine
  std::uint64_t seed = 1;
  std::size_t threads = 1;
};

/// A network for any shield: what is seen is cut into patches; each place has a linear map of its own (where that is
/// small enough), places are mixed by a learned matrix, as a shuffle of blocks wants it, two layers shared by all
/// places follow, and convolutions over the whole picture clean up. Not for two threads at once (LibTorch's settings).
class Inversion {
 public:
  /// `seen` and `plain` hold as many pictures, planar, plain samples from 0 to 1. Throws MismatchError unless sizes
  /// agree, Error if the loss stops being a number.
  Inversion(const InversionTask& task, std::span<const float> seen, std::span<const float> plain);
  ~Inversion();
  Inversion(Inversion&&) noexcept;
  Inversion& operator=(Inversion&&) noexcept;

  /// Mean squared error over the last tenth of the steps.
  double loss() const;
  /// Pictures as the network has them, planar, not clamped. Throws MismatchError for other than whole pictures.
  std::vector<float> recover(std::span<const float> seen) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace obscura::train
