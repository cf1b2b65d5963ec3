#include "study/bench/growth.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <random>

#include "base/error.h"
#include "owner/owner.h"
#include "runtime/answer.h"
#include "runtime/runner.h"
#include "study/bench/bench_table.h"
#include "study/chunked/key_sizes.h"
#include "study/compile_network.h"

namespace obscura::study {
namespace {

/// From this side on a picture of three channels fills more than one ciphertext.
constexpr std::size_t kFillsFrom = 56;

std::vector<float> random_weights(std::size_t count, std::size_t fan_in, std::mt19937& random) {
  std::normal_distribution<float> draw(0.0F, 1.0F / std::sqrt(static_cast<float>(fan_in)));
  std::vector<float> weights(count);
  std::generate(weights.begin(), weights.end(), [&] { return draw(random); });
  return weights;
}

/// A 3x3 convolution and x + x^2/20 behind it: values keep their size through twenty of them.
void add_block(nn::Graph& graph, std::size_t maps, std::size_t stride, std::mt19937& random) {
  const std::size_t in = graph.output_shape().channels, number = graph.nodes.size();
  nn::Conv2d conv;
  conv.out_channels = maps;
  conv.kernel = {3, 3};
  conv.stride = {stride, stride};
  conv.padding = {1, 1, 1, 1};
  conv.weights = random_weights(maps * in * 9, in * 9, random);
  conv.bias.assign(maps, 0.0F);
  const std::size_t at = nn::add_node(graph, fmt::format("conv{}", number), conv, {number - 1});
  nn::add_node(graph, fmt::format("quadratic{}", number), nn::Polynomial{{{0.0, 1.0, 0.05}}}, {at});
}

void add_end(nn::Graph& graph, std::mt19937& random) {
  const Shape shape = graph.output_shape();
  nn::AvgPool pool;
  pool.kernel = {shape.height, shape.width};
  pool.stride = pool.kernel;
  const std::size_t pooled = nn::add_node(graph, "average", pool, {graph.nodes.size() - 1});
  const std::size_t flat = nn::add_node(graph, "flat", nn::Flatten{}, {pooled});
  nn::Linear dense;
  dense.out_features = 10;
  dense.weights = random_weights(10 * shape.channels, shape.channels, random);
  dense.bias.assign(10, 0.0F);
  nn::add_node(graph, "dense", dense, {flat});
}

std::size_t diagonals_of(const program::Program& program) {
  std::size_t all = 0;
  for (const auto& stage : program.packed) all += stage.diagonals();
  return all;
}

GrowthPoint facts_of(const program::Program& program, std::size_t at) {
  const message::ClientSpec& client = program.client;
  GrowthPoint point;
  point.at = at;
  point.log_degree = client.parameters.log_degree;
  point.primes = client.parameters.q.size();
  point.ciphertexts = client.queries();
  point.diagonals = diagonals_of(program);
  point.key_bytes = evaluation_key_bytes(client.parameters, client.keys);
  point.predicted = 1e-6 * program.microseconds;
  return point;
}

GrowthPoint measure_point(Growing what, std::size_t at, double seconds) {
  program::Program program = compile_network(growing_network(what, at), message::Mode::packed);
  GrowthPoint point = facts_of(program, at);
  const owner::Owner owner(program.client);
  const auto seeded = owner.evaluation_keys();
  const auto runner = runtime::make_runner(std::move(program));
  const auto keys = std::make_shared<const ckks::EvaluationKeys>(*runner->context(), seeded);
  std::mt19937 random(1);
  std::vector<float> image(owner.client().input.size());
  for (float& value : image) value = std::uniform_real_distribution<float>(0.0F, 1.0F)(random);
  auto encrypted = owner.encrypt(std::span(&image, 1));
  const auto query = runtime::expand(*runner->context(), encrypted);
  const BenchResult result = BenchTable(seconds, "").measure([&] { runner->run(keys, query); });
  point.seconds = 1e-6 * result.median_us;
  point.runs = result.runs;
  return point;
}

void check_steps(Growing what, const std::vector<std::size_t>& steps) {
  const std::size_t least = what == Growing::side ? 8 : 1, most = what == Growing::side ? 256 : 20;
  for (const std::size_t at : steps) {
    if (at < least || at > most) {
      throw UsageError(fmt::format("{} {} cannot be measured: from {} to {}", what == Growing::side ? "side" : "depth",
                                   at, least, most));
    }
  }
}

void fit_exponents(Growth& growth) {
  std::vector<double> at, seconds, predicted;
  for (const GrowthPoint& point : growth.points) {
    if (point.at < growth.from) continue;
    at.push_back(static_cast<double>(point.at));
    seconds.push_back(point.seconds);
    predicted.push_back(point.predicted);
  }
  growth.exponent = growth_exponent(at, seconds);
  growth.predicted_exponent = growth_exponent(at, predicted);
}

}  // namespace

std::optional<Growing> growing_of(std::string_view name) {
  if (name == "side") return Growing::side;
  if (name == "depth") return Growing::depth;
  return std::nullopt;
}

nn::Graph growing_network(Growing what, std::size_t at) {
  std::mt19937 random(1);
  const bool side = what == Growing::side;
  nn::Graph graph =
      nn::make_graph(fmt::format("{} {}", side ? "side" : "depth", at), side ? Shape{3, at, at} : Shape{3, 16, 16});
  if (side) {
    for (const std::size_t maps : {8, 16, 32, 32}) add_block(graph, maps, 2, random);
  } else {
    for (std::size_t i = 0; i < at; ++i) add_block(graph, 16, 1, random);
  }
  add_end(graph, random);
  return graph;
}

std::vector<std::size_t> growth_steps(Growing what) {
  if (what == Growing::side) return {28, 56, 80, 112, 160, 224};
  return {2, 4, 6, 8, 12, 16, 20};
}

Growth measure_growth(Growing what, const std::vector<std::size_t>& steps, double seconds, const Notes& note) {
  check_steps(what, steps);
  Growth growth;
  growth.what = what;
  growth.from = what == Growing::side ? kFillsFrom : 0;
  for (const std::size_t at : steps) {
    growth.points.push_back(measure_point(what, at, seconds));
    const GrowthPoint& point = growth.points.back();
    note(fmt::format("{} {}: {:.3f} s, N = 2^{}, {} primes", what == Growing::side ? "side" : "depth", at,
                     point.seconds, point.log_degree, point.primes));
  }
  fit_exponents(growth);
  return growth;
}

double growth_exponent(const std::vector<double>& x, const std::vector<double>& y) {
  constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
  const auto n = static_cast<double>(x.size());
  double sx = 0, sy = 0, sxx = 0, sxy = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (!(x[i] > 0) || !(y[i] > 0)) return kNone;
    const double lx = std::log(x[i]), ly = std::log(y[i]);
    sx += lx;
    sy += ly;
    sxx += lx * lx;
    sxy += lx * ly;
  }
  const double spread = n * sxx - sx * sx;
  return spread > 1e-9 ? (n * sxy - sx * sy) / spread : kNone;
}

report::Plot growth_plot(const Growth& growth) {
  report::Plot plot;
  const bool side = growth.what == Growing::side;
  plot.title = side ? "Seconds of an answer by the side of the picture" : "Seconds of an answer by depth";
  plot.x_title = side ? "side of the picture, pixels" : "convolutions";
  plot.y_title = "seconds, one thread";
  plot.percent = false;
  report::Plot::Series measured, predicted;
  measured.name = fmt::format("measured: power {:.2f}", growth.exponent);
  predicted.name = fmt::format("predicted (Zen 4): power {:.2f}", growth.predicted_exponent);
  plot.x_high = plot.y_high = 0;
  for (const GrowthPoint& point : growth.points) {
    const auto at = static_cast<double>(point.at);
    measured.points.push_back({at, point.seconds, fmt::format("{}: {:.3f} s", point.at, point.seconds)});
    predicted.points.push_back({at, point.predicted, fmt::format("{}: {:.3f} s predicted", point.at, point.predicted)});
    plot.x_high = std::max(plot.x_high, 1.05 * at);
    plot.y_high = std::max({plot.y_high, 1.05 * point.seconds, 1.05 * point.predicted});
  }
  plot.series = {measured, predicted};
  return plot;
}

}  // namespace obscura::study
