#pragma once

// Internal to src/train.
#include <cstddef>
#include <cstdint>
#include <future>
#include <optional>
#include <span>
#include <vector>

#include "train/vision/pictures.h"

namespace obscura::train {

/// What an epoch draws: everything that decides it.
struct DrawPlan {
  std::vector<std::int64_t> order;  ///< of the pictures
  std::size_t batch = 1;
  Augmentation augmentation;
  std::uint64_t stream = 0;
};

/// The batches of an epoch in their order, augmented and protected. With `ahead`, each is drawn in a thread of its own
/// while the one before is in use: for a device that would wait for the processor. Both ways give the same. Not for two
/// threads at once; `pictures` must outlive it.
class DrawnBatches {
 public:
  DrawnBatches(const Pictures& pictures, DrawPlan plan, bool ahead);
  ~DrawnBatches() = default;
  DrawnBatches(const DrawnBatches&) = delete;
  DrawnBatches& operator=(const DrawnBatches&) = delete;

  struct Batch {
    std::size_t first = 0;                ///< place of its first picture in the order
    std::span<const std::int64_t> index;  ///< of its pictures
    std::vector<float> values;
  };
  /// Nothing after the last. Throws what drawing throws.
  std::optional<Batch> next();

 private:
  Batch draw(std::size_t first) const;

  const Pictures& pictures_;
  DrawPlan plan_;
  bool ahead_;
  std::size_t next_ = 0;
  std::future<Batch> drawn_;  // waited for before the rest goes
};

}  // namespace obscura::train
