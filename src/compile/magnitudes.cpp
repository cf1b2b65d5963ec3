#include "compile/magnitudes.h"

#include <algorithm>
#include <cmath>
#include <random>

namespace obscura::compile {
namespace {

/// Inputs in [0, 1] when nothing better is known: noise, and soft blobs like strokes.
std::vector<std::vector<double>> made_up_samples(const Shape& shape) {
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

double square(double x) {
  return x * x;
}

/// Sums over one stage that do not depend on a sample.
struct MapSums {
  double gain = 0;                                  ///< sqrt of the mean over rows of sum w^2
  std::vector<std::vector<std::uint32_t>> readers;  ///< by term: how many rows read a column
  explicit MapSums(const Stage& stage) {
    double sum = 0;
    for (const Term& term : stage.terms) {
      auto& count = readers.emplace_back(term.map.columns, 0);
      for (const auto& row : term.map.rows) {
        for (const auto& e : row) sum += square(e.value), ++count[e.column];
      }
    }
    gain = std::sqrt(sum / static_cast<double>(stage.output.size()));
  }

  /// Mean over rows of sum x^2 over the row's inputs.
  double fan_in_squares(const Stage& stage, const std::vector<std::vector<double>>& values) const {
    double sum = 0;
    for (std::size_t k = 0; k < stage.terms.size(); ++k) {
      const auto& x = values[stage.terms[k].value];
      for (std::size_t c = 0; c < x.size(); ++c) sum += readers[k][c] * square(x[c]);
    }
    return sum / static_cast<double>(stage.output.size());
  }
};

/// What one sample adds.
struct Sampled {
  std::vector<Running> map, activation;
  std::vector<double> fan_in;
};

}  // namespace

Magnitudes measure_magnitudes(const std::vector<Stage>& stages, const std::vector<std::vector<double>>& samples) {
  const auto inputs = samples.empty() ? made_up_samples(stages.front().terms.front().input) : samples;
  std::vector<MapSums> sums;
  for (const Stage& stage : stages) sums.emplace_back(stage);
  Running input;
  Sampled sampled{std::vector<Running>(stages.size()), std::vector<Running>(stages.size()),
                  std::vector<double>(stages.size(), 0)};
  for (const auto& sample : inputs) {
    std::vector<std::vector<double>> values{sample};
    input.see(sample);
    for (std::size_t i = 0; i < stages.size(); ++i) {
      std::vector<double> before;
      values.push_back(run_stage(stages[i], values, &before));
      sampled.fan_in[i] += sums[i].fan_in_squares(stages[i], values);
      sampled.map[i].see(before);
      sampled.activation[i].see(values.back());
    }
  }
  Magnitudes result;
  result.input_rms = input.rms();
  for (std::size_t i = 0; i < stages.size(); ++i) {
    const Running &map = sampled.map[i], &activation = sampled.activation[i];
    result.stages.push_back({std::max(map.most, 1e-3), map.rms(), std::max(activation.most, 1e-3), activation.rms(),
                             sums[i].gain, std::sqrt(sampled.fan_in[i] / static_cast<double>(inputs.size()))});
  }
  return result;
}

std::vector<double> to_numbers(const Magnitudes& magnitudes) {
  std::vector<double> numbers{magnitudes.input_rms};
  for (const auto& m : magnitudes.stages) {
    numbers.insert(numbers.end(), {m.map_max, m.map_rms, m.activation_max, m.activation_rms, m.fan_in_rms});
  }
  return numbers;
}

std::optional<Magnitudes> from_numbers(const std::vector<Stage>& stages, const std::vector<double>& numbers) {
  if (numbers.size() != 1 + 5 * stages.size()) return std::nullopt;
  Magnitudes result;
  result.input_rms = numbers[0];
  for (std::size_t i = 0; i < stages.size(); ++i) {
    const double* n = numbers.data() + 1 + 5 * i;
    result.stages.push_back({n[0], n[1], n[2], n[3], MapSums(stages[i]).gain, n[4]});
  }
  return result;
}

}  // namespace obscura::compile
