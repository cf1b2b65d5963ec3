#include <algorithm>
#include <cmath>
#include <random>

#include "compile/schedule.h"

namespace obscura::compile {
namespace {

/// Inputs in [0, 1] when nothing better is known: noise, and soft blobs like strokes.
std::vector<std::vector<double>> made_up_samples(const nn::Shape& shape) {
  std::mt19937_64 random(1);
  std::uniform_real_distribution<double> uniform(0, 1);
  std::vector<std::vector<double>> samples;
  for (int s = 0; s < 16; ++s) {
    auto& image = samples.emplace_back(shape.size());
    if (s < 4) {
      for (double& v : image) v = uniform(random);
      continue;
    }
    for (int blob = 0; blob < 4; ++blob) {
      const double cy = uniform(random) * static_cast<double>(shape.height);
      const double cx = uniform(random) * static_cast<double>(shape.width);
      const double radius = (0.08 + 0.12 * uniform(random)) * static_cast<double>(shape.width);
      for (std::size_t i = 0; i < image.size(); ++i) {
        const double y = static_cast<double>(i / shape.width % shape.height) - cy;
        const double x = static_cast<double>(i % shape.width) - cx;
        image[i] = std::min(1.0, image[i] + std::exp(-(y * y + x * x) / (2 * radius * radius)));
      }
    }
  }
  return samples;
}

struct Running {
  double most = 0, squares = 0;
  std::size_t count = 0;
  void see(const std::vector<double>& values) {
    for (const double v : values) most = std::max(most, std::abs(v)), squares += v * v;
    count += values.size();
  }
  double rms() const {
    return std::max(std::sqrt(squares / static_cast<double>(std::max<std::size_t>(count, 1))), 1e-6);
  }
};

double gain_of(const AffineMap& map) {
  double sum = 0;
  for (const auto& row : map.rows) {
    for (const auto& e : row) sum += e.value * e.value;
  }
  return std::sqrt(sum / static_cast<double>(map.rows.size()));
}

double fan_in_squares(const AffineMap& map, const std::vector<double>& x) {
  double sum = 0;
  for (const auto& row : map.rows) {
    for (const auto& e : row) sum += x[e.column] * x[e.column];
  }
  return sum / static_cast<double>(map.rows.size());
}

}  // namespace

Magnitudes measure_magnitudes(const std::vector<Stage>& stages, const std::vector<std::vector<double>>& samples) {
  const auto inputs = samples.empty() ? made_up_samples(stages.front().input) : samples;
  Magnitudes result;
  Running input;
  std::vector<Running> map(stages.size()), activation(stages.size());
  std::vector<double> fan_in(stages.size(), 0);
  for (const auto& sample : inputs) {
    std::vector<double> x = sample;
    input.see(x);
    for (std::size_t i = 0; i < stages.size(); ++i) {
      fan_in[i] += fan_in_squares(stages[i].map, x);
      map[i].see(stages[i].map.apply(x));
      x = run_stages({stages[i]}, std::move(x));
      activation[i].see(x);
    }
  }
  result.input_rms = input.rms();
  for (std::size_t i = 0; i < stages.size(); ++i) {
    result.stages.push_back({std::max(map[i].most, 1e-3), map[i].rms(), std::max(activation[i].most, 1e-3),
                             activation[i].rms(), gain_of(stages[i].map),
                             std::sqrt(fan_in[i] / static_cast<double>(inputs.size()))});
  }
  return result;
}

}  // namespace obscura::compile
