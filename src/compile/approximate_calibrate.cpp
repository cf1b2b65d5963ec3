#include <algorithm>
#include <cmath>
#include <cstdint>

#include "base/error.h"
#include "compile/approximate.h"
#include "nn/reference.h"

namespace obscura::compile {
namespace {

constexpr std::size_t kDrawn = 8192;
constexpr std::size_t kQuantiles = 257;

/// Everything about one node's values in one pass; of the values themselves an even sample is kept (Vitter, 1985,
/// algorithm R).
class Meter {
 public:
  void see(double v) {
    low_ = count_ == 0 ? v : std::min(low_, v);
    high_ = count_ == 0 ? v : std::max(high_, v);
    sum_ += v;
    squares_ += v * v;
    ++count_;
    if (drawn_.size() < kDrawn) {
      drawn_.push_back(v);
      return;
    }
    // Multiplier of Knuth's MMIX generator; the high bits are even enough to draw with.
    state_ = state_ * 6364136223846793005U + 1442695040888963407U;
    const std::size_t place = (state_ >> 16) % count_;
    if (place < kDrawn) drawn_[place] = v;
  }

  NodeRange result() {
    std::ranges::sort(drawn_);
    NodeRange range{
        count_, low_, high_, sum_ / static_cast<double>(count_), std::sqrt(squares_ / static_cast<double>(count_)), {}};
    for (std::size_t i = 0; i < kQuantiles; ++i) {
      range.quantiles.push_back(drawn_[i * (drawn_.size() - 1) / (kQuantiles - 1)]);
    }
    return range;
  }

  bool finite() const { return std::isfinite(sum_) && std::isfinite(squares_); }

 private:
  std::size_t count_ = 0;
  double low_ = 0, high_ = 0, sum_ = 0, squares_ = 0;
  std::vector<double> drawn_;
  std::uint64_t state_ = 1;
};

}  // namespace

std::vector<NodeRange> calibrate(const nn::Graph& graph, const std::vector<std::vector<float>>& samples,
                                 ThreadPool* pool) {
  if (samples.empty()) throw MismatchError("ranges are measured on sample images, of which there is none");
  std::vector<Meter> meters(graph.nodes.size());
  const std::size_t batch = pool == nullptr ? 1 : pool->threads();
  for (std::size_t first = 0; first < samples.size(); first += batch) {
    const std::size_t count = std::min(batch, samples.size() - first);
    std::vector<std::vector<std::vector<double>>> values(count);
    const auto run = [&](std::size_t i) { values[i] = nn::run_reference_layers(graph, samples[first + i]); };
    if (pool != nullptr) {
      pool->parallel_for(count, run);
    } else {
      run(0);
    }
    // In order, so that the drawn values do not depend on the threads.
    for (const auto& layers : values) {
      for (std::size_t n = 0; n < layers.size(); ++n) {
        for (const double v : layers[n]) meters[n].see(v);
        if (!meters[n].finite()) {
          throw UnsupportedError("layer " + graph.nodes[n].name + " (" + layer_name(graph.nodes[n].layer) +
                                 ") gives values that are not finite on sample images");
        }
      }
    }
  }
  std::vector<NodeRange> ranges;
  ranges.reserve(meters.size());
  for (Meter& meter : meters) ranges.push_back(meter.result());
  return ranges;
}

}  // namespace obscura::compile
