#include "compile/failure_ranges.h"

#include <algorithm>
#include <cmath>

#include "circuits/polynomial.h"

namespace obscura::compile {
namespace {

using program::Stage;

double fan_in(const Stage& stage) {
  std::vector<std::size_t> entries(stage.output.size(), 0);
  for (const auto& term : stage.terms) {
    for (std::size_t r = 0; r < entries.size(); ++r) entries[r] += term.map.rows[r].size();
  }
  return static_cast<double>(*std::ranges::max_element(entries));
}

/// The largest size of a pixel once it is a number.
double largest_input(const message::ClientSpec& client) {
  const auto& how = client.preprocessing;
  double most = 0;
  for (std::size_t c = 0; c < client.input.channels; ++c) {
    const double mean = how.mean.empty() ? 0 : how.mean[c], std = how.std.empty() ? 1 : how.std[c];
    for (const double end : how.range) most = std::max(most, std::abs((end - mean) / std));
  }
  return most;
}

/// The largest size of a polynomial on [-x, x], by the sizes of its terms; Chebyshev's are at most 1 within [-1, 1].
double largest_polynomial(const Stage& stage, double x) {
  double most = 0;
  for (const auto& row : stage.coefficients) {
    double sum = 0, power = 1;
    for (const double c : row) {
      sum += std::abs(c) * power;
      power *= stage.basis == circuits::Basis::monomial ? x : 1;
    }
    most = std::max(most, sum);
  }
  return most;
}

/// A polynomial after the other, by the sizes of terms, and the product.
double largest_gated(const Stage& stage, double x) {
  double gate = x;
  Stage one = stage;
  for (const auto& row : stage.coefficients) {
    one.coefficients = {row};
    gate = largest_polynomial(one, gate);
  }
  return x * gate;
}

double largest_activation(const Stage& stage, double x) {
  switch (stage.activation) {
    case Stage::Activation::square:
      return x * x;
    case Stage::Activation::polynomial:
      return largest_polynomial(stage, x);
    case Stage::Activation::gated:
      return largest_gated(stage, x);
    case Stage::Activation::none:
      break;
  }
  return x;
}

using Sizes = std::vector<double>;

/// Of every sum of a stage whose inputs are at most so large.
Sizes largest_sums(const Stage& stage, const std::vector<Sizes>& values) {
  Sizes sums = stage.bias();
  for (double& b : sums) b = std::abs(b);
  for (const auto& term : stage.terms) {
    for (std::size_t r = 0; r < sums.size(); ++r) {
      for (const auto& [column, weight] : term.map.rows[r]) sums[r] += std::abs(weight) * values[term.value][column];
    }
  }
  return sums;
}

double largest_of(const Sizes& sizes) {
  return *std::ranges::max_element(sizes);
}

double normalise(Sizes& x) {
  double squares = 0;
  for (const double v : x) squares += v * v;
  const double length = std::sqrt(squares);
  for (double& v : x) v /= std::max(length, 1e-300);
  return length;
}

/// By powers of A^T A, from below: within a few percent after these steps, which the margin makes up for.
double operator_norm(const program::AffineMap& map) {
  constexpr int kSteps = 24;
  constexpr double kMargin = 1.05;
  Sizes x(map.columns);
  // No vector of the map's own symmetry.
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = 1 + 0.7 * std::sin(1.7 * static_cast<double>(i * i % 9973));
  double norm = 0;
  for (int step = 0; step < kSteps; ++step) {
    normalise(x);
    Sizes back(map.columns, 0);
    for (const auto& row : map.rows) {
      double sum = 0;
      for (const auto& [column, weight] : row) sum += weight * x[column];
      for (const auto& [column, weight] : row) back[column] += weight * sum;
    }
    x = std::move(back);
    norm = std::sqrt(normalise(x));
  }
  return kMargin * norm;
}

/// What a stage's own weights say.
StageRange range_of(const Stage& stage, Errors errors) {
  StageRange range;
  range.fan_in = fan_in(stage);
  for (const auto& term : stage.terms) range.norms.push_back(norms_of(term.map, errors));
  return range;
}

}  // namespace

MapNorms norms_of(const program::AffineMap& map, Errors errors) {
  std::vector<double> columns(map.columns, 0);
  double largest_row = 0, squares = 0, longest = 0;
  for (const auto& row : map.rows) {
    double sum = 0, length = 0;
    for (const auto& [column, weight] : row) {
      sum += std::abs(weight), length += weight * weight;
      columns[column] += std::abs(weight);
    }
    largest_row = std::max(largest_row, sum), longest = std::max(longest, length), squares += length;
  }
  if (errors == Errors::independent) return {std::sqrt(squares), std::sqrt(longest)};
  const double largest_column = columns.empty() ? 0 : largest_of(columns);
  return {std::min({std::sqrt(largest_row * largest_column), std::sqrt(squares), operator_norm(map)}),
          std::sqrt(longest)};
}

std::vector<const Stage*> stages_of(const program::Program& program) {
  std::vector<const Stage*> stages;
  for (const auto& stage : program.packed) stages.push_back(&stage.stage);
  for (const auto& stage : program.batched) stages.push_back(&stage.stage);
  return stages;
}

std::vector<StageRange> stated_ranges(const program::Program& program, const program::Magnitudes& magnitudes,
                                      double headroom, Errors errors) {
  std::vector<StageRange> ranges;
  const auto stages = stages_of(program);
  std::vector<double> values{largest_input(program.client)}, means{magnitudes.input_rms};
  for (std::size_t i = 0; i < stages.size(); ++i) {
    const auto& m = magnitudes.stages[i];
    // Of a sum over chunks the value is what is summed up.
    const auto& summed = magnitudes.summed;
    if (summed && summed->value == i) values[i] = headroom * summed->most;
    double input = 0;
    for (const auto& term : stages[i]->terms) input = std::max(input, values[term.value]);
    const double at = headroom * (errors == Errors::any ? m.map_max : m.map_rms);
    // A fitted polynomial is worth nothing beyond its interval.
    const bool fitted = stages[i]->basis == circuits::Basis::chebyshev && !stages[i]->coefficients.empty();
    const double map = fitted ? std::min(headroom * m.map_max, 1.0) : headroom * m.map_max;
    StageRange& range = ranges.emplace_back(range_of(*stages[i], errors));
    range.input = input, range.map = map, range.activation = headroom * m.activation_max, range.slope = 2 * at;
    range.errors = errors;
    const bool any = errors == Errors::any;
    double mean = 0;
    for (const auto& term : stages[i]->terms) mean = std::max(mean, means[term.value]);
    range.energy = any ? input * input : headroom * headroom * mean * mean;
    range.row_energy = any ? range.fan_in * range.energy : headroom * headroom * m.fan_in_rms * m.fan_in_rms;
    const bool gaps = i < program.packed.size() && program.packed[i].output->gap > 1;
    if (gaps) range.left = left_sums(program, i).with_room();
    means.push_back(m.activation_rms);
    values.push_back(ranges.back().activation);
  }
  return ranges;
}

std::vector<StageRange> worst_ranges(const program::Program& program) {
  std::vector<StageRange> ranges;
  std::vector<Sizes> values{Sizes(program.input().size(), largest_input(program.client))};
  const auto stages = stages_of(program);
  for (std::size_t i = 0; i < stages.size(); ++i) {
    if (program.merge && program.merge->value == i) {
      if (program.merge->kind == program::Merge::Kind::sum) {
        for (double& v : values[i]) v *= static_cast<double>(program.merge->count);
      } else {
        const Sizes one = values[i];
        for (std::size_t k = 1; k < program.merge->count; ++k)
          values[i].insert(values[i].end(), one.begin(), one.end());
      }
    }
    double input = 0;
    for (const auto& term : stages[i]->terms) input = std::max(input, largest_of(values[term.value]));
    Sizes sums = largest_sums(*stages[i], values);
    const double map = largest_of(sums);
    for (double& v : sums) v = largest_activation(*stages[i], v);
    StageRange& range = ranges.emplace_back(range_of(*stages[i], Errors::any));
    range.input = input, range.map = map, range.activation = largest_of(sums), range.slope = 2 * map;
    range.energy = input * input, range.row_energy = range.fan_in * range.energy;
    if (i < program.packed.size() && program.packed[i].output->gap > 1) range.left = LeftSums::most();
    values.push_back(std::move(sums));
  }
  return ranges;
}

}  // namespace obscura::compile
