#include "shield/encoder.h"

#include <array>
#include <cmath>

#include "base/error.h"
#include "shield/blocks.h"

namespace obscura::shield {
namespace {

constexpr double kEpsilon = 1e-5;  // under the root of a batch norm

constexpr std::array<float, 256> kNormalised = [] {
  std::array<float, 256> out{};
  for (std::size_t v = 0; v < out.size(); ++v) out[v] = (static_cast<float>(v) / 255.0F - 0.5F) / 0.5F;
  return out;
}();

/// A layer as networks usually start: weights, then biases, uniform within 1 / sqrt(inputs).
Affine draw_layer(const Seed& seed, std::size_t number, std::size_t inputs, std::size_t outputs) {
  const std::uint64_t numbers[] = {number, inputs, outputs};
  Draws draws(derive(seed, "neuracrypt: layer", numbers));
  const double bound = 1 / std::sqrt(static_cast<double>(inputs));
  std::vector<float> weights(inputs * outputs), bias(outputs);
  for (float& v : weights) v = static_cast<float>(draws.signed_unit_24() * bound);
  for (float& v : bias) v = static_cast<float>(draws.signed_unit_24() * bound);
  return {inputs, outputs, weights, bias};
}

/// Sums run over the rows in their order, in double precision.
LayerStatistics statistics_of(const Rows& rows) {
  std::vector<double> mean(rows.columns), variance(rows.columns);
  const auto n = static_cast<double>(rows.count);
  for (std::size_t i = 0; i < rows.count; ++i) {
    for (std::size_t j = 0; j < rows.columns; ++j) mean[j] += static_cast<double>(rows.row(i)[j]);
  }
  for (double& v : mean) v /= n;
  for (std::size_t i = 0; i < rows.count; ++i) {
    for (std::size_t j = 0; j < rows.columns; ++j) {
      const double d = static_cast<double>(rows.row(i)[j]) - mean[j];
      variance[j] += d * d;
    }
  }
  LayerStatistics out;
  for (const double v : mean) out.mean.push_back(static_cast<float>(v));
  for (const double v : variance) out.variance.push_back(static_cast<float>(v / n));
  return out;
}

/// The batch norm as v * scale + shift.
struct Norm {
  explicit Norm(const LayerStatistics& s) {
    for (std::size_t j = 0; j < s.mean.size(); ++j) {
      const double factor = 1 / std::sqrt(static_cast<double>(s.variance[j]) + kEpsilon);
      scale.push_back(static_cast<float>(factor));
      shift.push_back(static_cast<float>(-static_cast<double>(s.mean[j]) * factor));
    }
  }
  std::vector<float> scale;
  std::vector<float> shift;
};

void normalise(Rows& rows, const Norm& norm) {
  for (std::size_t i = 0; i < rows.count; ++i) {
    float* row = rows.row(i);
    for (std::size_t j = 0; j < rows.columns; ++j) {
      const float v = row[j] * norm.scale[j] + norm.shift[j];
      row[j] = v > 0 ? v : 0;
    }
  }
}

}  // namespace

Rows patches_of(const image::Image& padded, std::size_t block) {
  const Grid grid(padded.height, padded.width, block);
  const std::size_t area = block * block;
  Rows out(grid.count(), padded.channels * area);
  for (std::size_t b = 0; b < grid.count(); ++b) {
    float* row = out.row(b);
    for (std::size_t y = 0; y < block; ++y) {
      const std::size_t from = ((grid.top(b) + y) * padded.width + grid.left(b)) * padded.channels;
      const std::uint8_t* in = padded.pixels.data() + from;
      for (std::size_t x = 0; x < block; ++x) {
        for (std::size_t c = 0; c < padded.channels; ++c) row[c * area + y * block + x] = kNormalised[*in++];
      }
    }
  }
  return out;
}

Encoder::Encoder(const Parameters& p, const Seed& seed)
    : linear_(p.depth < 0), first_(draw_layer(seed, 0, p.channels * p.block * p.block, p.hidden)) {
  if (linear_) return;
  const auto depth = static_cast<std::size_t>(p.depth);
  for (std::size_t i = 1; i <= depth; ++i) middle_.push_back(draw_layer(seed, i, p.hidden, p.hidden));
  last_ = draw_layer(seed, depth + 1, p.hidden, encoder_outputs(p));
}

Rows Encoder::middle(Rows h, std::span<const LayerStatistics> frozen, std::vector<LayerStatistics>* measured) const {
  for (std::size_t i = 0; i < middle_.size(); ++i) {
    if (!frozen.empty()) {
      const Norm norm(frozen[i]);
      h = middle_[i].run(h, {norm.scale, norm.shift, true});
      continue;
    }
    h = middle_[i].run(h, {});
    const LayerStatistics own = statistics_of(h);
    normalise(h, Norm(own));
    if (measured != nullptr) measured->push_back(own);
  }
  return h;
}

std::vector<LayerStatistics> Encoder::measure(const Rows& patches) const {
  std::vector<LayerStatistics> out;
  if (!linear_) middle(first_.run(patches, {{}, {}, true}), {}, &out);
  for (const LayerStatistics& layer : out) {
    double sum = 0;
    for (const float v : layer.variance) sum += static_cast<double>(v);
    if (!(sum > 0)) throw ParameterError("images to calibrate with must not be all alike");
  }
  return out;
}

Rows Encoder::embed(const Rows& patches, std::span<const LayerStatistics> frozen) const {
  if (linear_) return first_.run(patches, {});
  return middle(first_.run(patches, {{}, {}, true}), frozen, nullptr);
}

Rows Encoder::finish(Rows h, const Rows& positions) const {
  if (linear_) return h;
  for (std::size_t i = 0; i < h.count; ++i) {
    float* row = h.row(i);
    const float* add = positions.row(i);
    for (std::size_t j = 0; j < h.columns; ++j) {
      const float v = row[j] + add[j];
      row[j] = v > 0 ? v : 0;
    }
  }
  return last_.run(h, {});
}

Rows draw_positions(const Seed& seed, std::size_t rows, std::size_t columns, std::size_t width) {
  const std::uint64_t numbers[] = {rows, columns, width};
  Draws draws(derive(seed, "neuracrypt: positions", numbers));
  Rows out(rows * columns, width);
  for (std::size_t i = 0; i < out.count; ++i) {
    for (std::size_t j = 0; j < width; ++j) out.row(i)[j] = static_cast<float>(draws.normal());
  }
  return out;
}

}  // namespace obscura::shield
