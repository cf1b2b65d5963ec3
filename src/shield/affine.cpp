#include "shield/affine.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "shield/blocks.h"

namespace obscura::shield {
namespace {

constexpr std::size_t kPanel = Rows::kPanel;

std::vector<float> padded(std::span<const float> values, std::size_t size) {
  std::vector<float> out(values.begin(), values.end());
  out.resize(values.empty() ? 0 : size);
  return out;
}

void run_kernel(const AffineJob& job, [[maybe_unused]] ring::Isa isa) {
#if defined(__x86_64__)
  if (isa == ring::Isa::ifma) return affine_ifma(job);
  if (isa == ring::Isa::avx2) return affine_avx2(job);
#endif
  affine_scalar(job);
}

}  // namespace

Rows::Rows(std::size_t count_, std::size_t columns_)
    : count(count_),
      columns(columns_),
      stride(round_up(columns_, kPanel)),
      values(round_up(count_, kRowGroup) * stride) {}

void affine_scalar(const AffineJob& job) {
  for (std::size_t i = 0; i < job.rows; ++i) {
    const float* x = job.x + i * job.x_stride;
    for (std::size_t j = 0; j < job.panels * kPanel; ++j) {
      const float* w = job.weights + j / kPanel * job.inputs * kPanel + j % kPanel;
      float v = job.bias[j];
      for (std::size_t k = 0; k < job.inputs; ++k) v = std::fmaf(x[k], w[k * kPanel], v);
      if (job.scale != nullptr) v = v * job.scale[j] + job.shift[j];
      job.y[i * job.y_stride + j] = job.relu && !(v > 0) ? 0 : v;
    }
  }
}

Affine::Affine(std::size_t inputs, std::size_t outputs, std::span<const float> weights, std::span<const float> bias)
    : inputs_(inputs),
      outputs_(outputs),
      weights_(inputs * round_up(outputs, kPanel) / 2),
      bias_(padded(bias, round_up(outputs, kPanel))) {
  if (inputs == 0 || outputs == 0 || weights.size() != inputs * outputs || bias.size() != outputs) {
    throw ParameterError("an affine map has outputs times inputs weights and a bias an output");
  }
  auto* out = reinterpret_cast<float*>(weights_.data());
  std::fill_n(out, 2 * weights_.size(), 0.0F);
  for (std::size_t j = 0; j < outputs; ++j) {
    float* column = out + j / kPanel * inputs * kPanel + j % kPanel;
    for (std::size_t k = 0; k < inputs; ++k) column[k * kPanel] = weights[j * inputs + k];
  }
}

Rows Affine::run(const Rows& x, const After& after, ring::Isa isa) const {
  if (x.columns != inputs_) throw ParameterError("rows of another length than the affine map takes");
  Rows y(x.count, outputs_);
  const std::vector<float> scale = padded(after.scale, y.stride), shift = padded(after.shift, y.stride);
  run_kernel({x.values.data(), x.stride, x.padded_count(), inputs_, reinterpret_cast<const float*>(weights_.data()),
              bias_.data(), scale.empty() ? nullptr : scale.data(), shift.data(), y.stride / kPanel, after.relu,
              y.values.data(), y.stride},
             isa);
  return y;
}

}  // namespace obscura::shield
