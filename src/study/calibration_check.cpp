#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/notes.h"
#include "compile/simulate.h"
#include "nn/reference.h"
#include "study/calibration.h"
#include "tensor/decision.h"

namespace obscura::study {
namespace {

/// Enough to see that a network is lost.
constexpr std::size_t kMostSamples = 16;

using Logits = std::vector<std::vector<double>>;

double rms_distance(const Logits& a, const Logits& b) {
  double sum = 0;
  std::size_t count = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    for (std::size_t k = 0; k < a[i].size(); ++k, ++count) sum += std::pow(a[i][k] - b[i][k], 2);
  }
  return std::sqrt(sum / static_cast<double>(std::max<std::size_t>(count, 1)));
}

/// How much logits differ from image to image.
double spread(const Logits& logits) {
  std::vector<double> mean(logits.front().size(), 0);
  for (const auto& row : logits) {
    for (std::size_t k = 0; k < row.size(); ++k) mean[k] += row[k] / static_cast<double>(logits.size());
  }
  return rms_distance(logits, Logits(logits.size(), mean));
}

Logits plain_logits(const nn::Graph& graph, const std::vector<std::vector<float>>& samples, std::size_t count,
                    ThreadPool& pool) {
  Logits logits(count);
  pool.parallel_for(count, [&](std::size_t i) { logits[i] = nn::run_reference(graph, samples[i]); });
  return logits;
}

/// The layer that a sample leaves the range of the modulus at, or whose noise drowns it; empty: none.
void check_simulated(const program::Program& program, const Logits& plain,
                     const std::vector<std::vector<float>>& samples, ThreadPool& pool) {
  const compile::Simulator simulator(program);
  std::vector<compile::Simulator::Result> results(plain.size());
  pool.parallel_for(plain.size(), [&](std::size_t i) { results[i] = simulator.run(samples[i], i); });
  std::size_t lost = 0;
  int stage = -1;
  for (std::size_t i = 0; i < plain.size(); ++i) {
    double most = 1e-3, error = 0;
    for (std::size_t k = 0; k < plain[i].size(); ++k) {
      most = std::max(most, std::abs(plain[i][k]));
      error = std::max(error, std::abs(results[i].logits[k] - plain[i][k]));
    }
    const bool good = results[i].overflow < 0 && error <= most / 2;  // false for what is not a number
    if (good) continue;
    ++lost;
    stage = std::max(stage, results[i].overflow);
  }
  if (lost == 0) return;
  const bool packed = program.client.mode == message::Mode::packed;
  const auto at = static_cast<std::size_t>(std::max(stage, 0));
  const std::string where =
      stage < 0 ? "in the noise"
                : "at layer " + (packed ? program.packed[at].stage.name : program.batched[at].stage.name);
  throw UnsupportedError(fmt::format(
      "a simulation of the encrypted network loses {} of {} sample images {}: fit activations with a larger "
      "--max-degree, or train the network with the polynomials in it",
      lost, plain.size(), where));
}

}  // namespace

void check_on_samples(const nn::Graph& original, const nn::Graph& fitted, const program::Program& program,
                      const std::vector<std::vector<float>>& samples, ThreadPool& pool, const Notes& note) {
  const std::size_t count = std::min(samples.size(), kMostSamples);
  const Logits after = plain_logits(fitted, samples, count, pool);
  check_simulated(program, after, samples, pool);
  if (!compile::needs_fitting(original)) return;
  const Logits before = plain_logits(original, samples, count, pool);
  std::size_t agree = 0;
  for (std::size_t i = 0; i < count; ++i) agree += predicted_class(before[i]) == predicted_class(after[i]) ? 1 : 0;
  const double error = rms_distance(before, after), differ = spread(before);
  const std::string figures =
      fmt::format("the fitted network gives the class of the original on {} of {} sample images", agree, count);
  constexpr const char* remedy =
      "fit with a larger --max-degree (composites: --relu-bits), or train the network with squares or polynomials";
  if (count > 3 && !(error <= differ)) {
    throw UnsupportedError(fmt::format(
        "the polynomials change the logits by {:.3g}, more than they differ from image to image ({:.3g}): {}; {}",
        error, differ, figures, remedy));
  }
  if (agree < count) note(figures + ": " + remedy);
}

}  // namespace obscura::study
