#include "train/vision/input.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace obscura::train {

InputForm::InputForm(const PictureShape& shape, const std::vector<float>& mean, const std::vector<float>& std,
                     torch::Device device)
    : shape_(shape),
      mean_(torch::tensor(mean).reshape({1, -1, 1, 1}).to(device)),
      scale_(torch::tensor(std).reciprocal().reshape({1, -1, 1, 1}).to(device)) {}

torch::Tensor InputForm::tensor(std::span<const float> samples) const {
  const auto dim = [](std::size_t v) { return static_cast<std::int64_t>(v); };
  // from_blob wants a mutable pointer; the view is only read.
  const auto view = torch::from_blob(
      const_cast<float*>(samples.data()),
      {dim(samples.size() / shape_.size()), dim(shape_.channels), dim(shape_.height), dim(shape_.width)});
  return view.to(mean_.device()).sub(mean_).mul_(scale_);
}

void measure_input(const Pictures& pictures, std::vector<float>& mean, std::vector<float>& std) {
  const PictureShape& shape = pictures.shape();
  std::vector<std::int64_t> index(std::min<std::size_t>(pictures.count(), 1000));
  std::iota(index.begin(), index.end(), 0);
  std::vector<float> values(index.size() * shape.size());
  pictures.read(index, values);
  const std::size_t area = shape.height * shape.width;
  std::vector<double> sums(shape.channels, 0), squares(shape.channels, 0);
  for (std::size_t at = 0; at < values.size(); ++at) {
    const std::size_t c = at / area % shape.channels;
    sums[c] += values[at];
    squares[c] += static_cast<double>(values[at]) * values[at];
  }
  const auto n = static_cast<double>(index.size() * area);
  mean.clear();
  std.clear();
  for (std::size_t c = 0; c < shape.channels; ++c) {
    const double m = sums[c] / n;
    mean.push_back(static_cast<float>(m));
    // A channel that is constant says nothing, and must not become infinite.
    const double variance = squares[c] / n - m * m;
    std.push_back(variance > 1e-12 ? static_cast<float>(std::sqrt(variance)) : 1.0F);
  }
}

}  // namespace obscura::train
