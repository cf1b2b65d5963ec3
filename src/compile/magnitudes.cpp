#include "compile/magnitudes.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <random>

#include "nn/reference.h"

namespace obscura::compile {
namespace {

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

namespace {

/// Everything that samples add, stage by stage.
class Measurement {
 public:
  explicit Measurement(const program::StagedNetwork& network)
      : network_(network),
        sampled_{std::vector<Running>(network.stages.size()), std::vector<Running>(network.stages.size()),
                 std::vector<double>(network.stages.size(), 0)},
        runs_(network.stages.size(), 0) {
    for (const Stage& stage : network.stages) sums_.emplace_back(stage);
  }

  void add(const program::Parts& parts) {
    const std::size_t stages = network_.stages.size();
    if (network_.arrangement) return run(network_.arrangement->of(parts.front()), 0, stages);
    if (!network_.merge) return run(parts.front(), 0, stages);
    const std::size_t border = network_.merge->value;
    program::Parts made;
    for (const auto& part : parts) {
      run(part, 0, border);
      made.push_back(std::move(values_.back()));
    }
    values_.assign(border, {});
    most_ = std::max(most_, largest_sum(made));
    for_head(program::merged(*network_.merge, made));
  }

  Magnitudes result() const {
    Magnitudes result;
    result.input_rms = input_.rms();
    for (std::size_t i = 0; i < network_.stages.size(); ++i) {
      const Running &map = sampled_.map[i], &activation = sampled_.activation[i];
      result.stages.push_back(
          {std::max(map.most, 1e-3), map.rms(), std::max(activation.most, 1e-3), activation.rms(), sums_[i].gain,
           std::sqrt(sampled_.fan_in[i] / static_cast<double>(std::max<std::size_t>(runs_[i], 1)))});
    }
    if (network_.merge && network_.merge->kind == program::Merge::Kind::sum) {
      result.summed = {network_.merge->value, network_.merge->count, std::max(most_, 1e-3)};
    }
    return result;
  }

 private:
  void run(const std::vector<double>& input, std::size_t first, std::size_t last) {
    values_.assign(1, input);
    input_.see(input);
    stages(first, last);
  }

  void for_head(std::vector<double> value) {
    values_.push_back(std::move(value));
    stages(network_.merge->value, network_.stages.size());
  }

  void stages(std::size_t first, std::size_t last) {
    for (std::size_t i = first; i < last; ++i) {
      std::vector<double> before;
      values_.push_back(run_stage(network_.stages[i], values_, &before));
      sampled_.fan_in[i] += sums_[i].fan_in_squares(network_.stages[i], values_);
      sampled_.map[i].see(before);
      sampled_.activation[i].see(values_.back());
      ++runs_[i];
    }
  }

  /// Whatever their signs, and however they are put together.
  static double largest_sum(const program::Parts& parts) {
    double most = 0;
    for (std::size_t i = 0; i < parts.front().size(); ++i) {
      double sum = 0;
      for (const auto& part : parts) sum += std::abs(part[i]);
      most = std::max(most, sum);
    }
    return most;
  }

  const program::StagedNetwork& network_;
  std::vector<MapSums> sums_;
  Running input_;
  Sampled sampled_;
  std::vector<std::size_t> runs_;
  std::vector<std::vector<double>> values_;
  double most_ = 0;
};

}  // namespace

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

Magnitudes measure_magnitudes(const program::StagedNetwork& network, const std::vector<program::Parts>& samples) {
  Measurement measurement(network);
  for (const auto& parts : samples) measurement.add(parts);
  if (samples.empty()) {
    const std::size_t chunks = network.merge ? network.merge->count : 1;
    Shape shape = network.stages.front().terms.front().input;
    // The first stage reads all chunks, where they are put in order as they are.
    const bool all = network.merge && network.merge->value == 0 && network.merge->kind == program::Merge::Kind::concat;
    if (all) shape = {shape.size() / chunks, 1, 1};
    if (network.arrangement) shape = network.arrangement->picture;
    for (auto& input : made_up_samples(shape)) {
      measurement.add(program::Parts(chunks, input));
    }
  }
  return measurement.result();
}

Magnitudes measure_magnitudes(const std::vector<Stage>& stages, const std::vector<std::vector<double>>& samples) {
  std::vector<program::Parts> parts;
  for (const auto& sample : samples) parts.push_back({sample});
  return measure_magnitudes({stages}, parts);
}

std::vector<double> to_numbers(const Magnitudes& magnitudes) {
  std::vector<double> numbers{magnitudes.input_rms};
  for (const auto& m : magnitudes.stages) {
    numbers.insert(numbers.end(), {m.map_max, m.map_rms, m.activation_max, m.activation_rms, m.fan_in_rms});
  }
  if (magnitudes.summed) numbers.push_back(magnitudes.summed->most / static_cast<double>(magnitudes.summed->count));
  return numbers;
}

std::optional<Magnitudes> from_numbers(const program::StagedNetwork& network, const std::vector<double>& numbers) {
  const std::vector<Stage>& stages = network.stages;
  const bool sum = network.merge && network.merge->kind == program::Merge::Kind::sum;
  if (numbers.size() != 1 + 5 * stages.size() + (sum ? 1 : 0)) return std::nullopt;
  Magnitudes result;
  result.input_rms = numbers[0];
  for (std::size_t i = 0; i < stages.size(); ++i) {
    const double* n = numbers.data() + 1 + 5 * i;
    result.stages.push_back({n[0], n[1], n[2], n[3], MapSums(stages[i]).gain, n[4]});
  }
  // Pictures in another number of chunks than was measured have sums in proportion.
  if (sum) {
    const auto count = static_cast<double>(network.merge->count);
    result.summed = {network.merge->value, network.merge->count, numbers.back() * count};
  }
  return result;
}

std::vector<program::Parts> parts_of(const nn::Graph& graph, const std::vector<std::vector<double>>& samples) {
  std::vector<program::Parts> all;
  for (const auto& sample : samples) {
    program::Parts& parts = all.emplace_back();
    for (const auto& part : nn::network_inputs(graph, std::vector<float>(sample.begin(), sample.end()))) {
      parts.emplace_back(part.begin(), part.end());
    }
  }
  return all;
}

namespace {

/// Places of a query that no chunk takes are blank. What the network makes of those must not leave the range of the
/// modulus either, for it would take along the chunks beside them, and its errors are part of the sum over chunks: so
/// many a chunk as there are where the chunks of a picture are filled up to a power of two.
class RoomForBlanks {
 public:
  RoomForBlanks(const program::StagedNetwork& network, Magnitudes& magnitudes)
      : network_(network), magnitudes_(magnitudes), summed_(network.merge->kind == program::Merge::Kind::sum) {
    const auto count = static_cast<double>(network.merge->count);
    if (summed_) share_ = static_cast<double>(std::bit_ceil(network.merge->count)) / count - 1;
  }

  void make() {
    const std::size_t border = network_.merge->value;
    std::vector<std::vector<double>> values{std::vector<double>(network_.stages.front().terms.front().map.columns, 0)};
    for (std::size_t i = 0; i < border; ++i) {
      const Stage& stage = network_.stages[i];
      std::vector<double> before;
      values.push_back(run_stage(stage, values, &before));
      auto& m = magnitudes_.stages[i];
      see(before, m.map_max, m.map_rms);
      see(values.back(), m.activation_max, m.activation_rms);
      m.fan_in_rms = std::sqrt(square(m.fan_in_rms) + share_ * MapSums(stage).fan_in_squares(stage, values));
    }
    if (!summed_) return;
    for (std::size_t i = border; i < network_.stages.size(); ++i) {
      for (const Term& term : network_.stages[i].terms) {
        double rms = 0;
        if (term.value == border) see(term.map.apply(values.back()), magnitudes_.stages[i].map_max, rms);
      }
    }
  }

 private:
  void see(const std::vector<double>& values, double& most, double& rms) const {
    Running seen;
    seen.see(values);
    most = std::max(most, seen.most);
    rms = std::sqrt(square(rms) + share_ * square(seen.rms()));
  }

  const program::StagedNetwork& network_;
  Magnitudes& magnitudes_;
  bool summed_;  ///< else chunks stay in their order, and nobody reads the blank ones
  double share_ = 0;
};

}  // namespace

Magnitudes magnitudes_of(const nn::Graph& graph, const program::StagedNetwork& network,
                         const std::vector<std::vector<double>>& samples) {
  auto stated = samples.empty() ? from_numbers(network, graph.calibration) : std::nullopt;
  Magnitudes result = stated ? *std::move(stated) : measure_magnitudes(network, parts_of(graph, samples));
  if (network.merge && network.merge->value > 0) RoomForBlanks(network, result).make();
  return result;
}

}  // namespace obscura::compile
