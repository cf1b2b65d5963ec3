#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "base/memory.h"
#include "ring/isa.h"

/// For this folder: layers of a random network, y = W x + b for many x, with the same bits on every machine.
namespace obscura::shield {

/// Rows of real numbers. Each row starts `stride` samples after the one before: a whole number of panels, and what a
/// row has beyond its columns is of no meaning. The rows are a multiple of kRowGroup.
struct Rows {
  static constexpr std::size_t kPanel = 16;    ///< outputs that kernels make at once, or a multiple
  static constexpr std::size_t kRowGroup = 8;  ///< inputs

  std::size_t count = 0;  ///< rows that are meant; those behind are zero or of no meaning
  std::size_t columns = 0;
  std::size_t stride = 0;
  std::vector<float> values;

  Rows() = default;
  Rows(std::size_t count_, std::size_t columns_);
  std::size_t padded_count() const { return stride == 0 ? 0 : values.size() / stride; }
  float* row(std::size_t i) { return values.data() + i * stride; }
  const float* row(std::size_t i) const { return values.data() + i * stride; }
};

/// What a kernel is given: `rows` times `panels` panels. Output j of a row is bias[j], then a chain of fused
/// multiply-adds over the inputs in their order; then, where there is a scale, scaled and shifted with two roundings;
/// then, if `relu`, max(v, 0). So every kernel gives the same bits.
struct AffineJob {
  const float* x;
  std::size_t x_stride;
  std::size_t rows;      ///< a multiple of Rows::kRowGroup
  std::size_t inputs;    ///< samples of a row of x that are read
  const float* weights;  ///< weights[(panel * inputs + k) * kPanel + j], 64-byte aligned
  const float* bias;
  const float* scale;  ///< or null
  const float* shift;
  std::size_t panels;
  bool relu;
  float* y;
  std::size_t y_stride;
};

void affine_scalar(const AffineJob& job);
void affine_avx2(const AffineJob& job);
void affine_ifma(const AffineJob& job);

/// What follows an affine map: for each output v * scale + shift, left out if empty, then max(v, 0).
struct After {
  std::span<const float> scale;
  std::span<const float> shift;
  bool relu = false;
};

/// y = W x + b. Immutable; may be used from many threads.
class Affine {
 public:
  Affine() = default;
  /// weights[j * inputs + k], bias[j].
  Affine(std::size_t inputs, std::size_t outputs, std::span<const float> weights, std::span<const float> bias);

  std::size_t inputs() const { return inputs_; }
  std::size_t outputs() const { return outputs_; }
  /// `isa` must be one that the processor has.
  Rows run(const Rows& x, const After& after, ring::Isa isa = ring::selected_isa()) const;

 private:
  std::size_t inputs_ = 0;
  std::size_t outputs_ = 0;
  AlignedWords weights_;  // floats, in panels
  std::vector<float> bias_;
};

}  // namespace obscura::shield
