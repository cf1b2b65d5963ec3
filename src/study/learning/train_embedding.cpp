#include "study/learning/train_embedding.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>
#include <random>

#include "base/error.h"
#include "base/file.h"
#include "base/progress.h"
#include "base/stopwatch.h"
#include "base/version.h"
#include "compile/compile.h"
#include "image/digest.h"
#include "nn/features.h"
#include "nn/onnx_read.h"
#include "nn/onnx_write.h"
#include "nn/reference.h"
#include "search/distances.h"
#include "search/metrics.h"
#include "study/images/labelled_images.h"
#include "study/images/query_images.h"
#include "train/blas.h"

namespace obscura::study {
namespace {

/// Test pictures that are looked for.
constexpr std::size_t kQueries = 1000;

std::vector<float> features_of_set(const image::Dataset& set, const nn::Graph& features, const TrainingRun& run,
                                   const std::string& what) {
  constexpr std::size_t kTogether = 250;
  nn::Reference reference(features);
  std::vector<float> all;
  Progress bar(what, set.count, "images", !run.quiet);
  for (std::size_t first = 0; first < set.count; first += kTogether) {
    const std::size_t last = std::min(first + kTogether, set.count);
    std::vector<float> values;
    for (std::size_t n = first; n < last; ++n) {
      const auto one = network_values(set, n, features);
      values.insert(values.end(), one.begin(), one.end());
    }
    const auto some = reference.run(values);
    all.insert(all.end(), some.begin(), some.end());
    bar.advance(last - first);
  }
  return all;
}

/// The network's embeddings of features, of length 1; a picture that it says nothing of has zeros.
std::vector<float> embedded(const train::Embedding& embedding, std::span<const float> features) {
  const std::size_t numbers = embedding.bias.size(), columns = embedding.weights.size() / numbers;
  std::vector<float> out;
  for (std::size_t r = 0; r < features.size() / columns; ++r) {
    std::vector<double> z(embedding.bias.begin(), embedding.bias.end());
    double squares = 0;
    for (std::size_t k = 0; k < numbers; ++k) {
      for (std::size_t c = 0; c < columns; ++c) {
        z[k] += static_cast<double>(embedding.weights[k * columns + c]) * features[r * columns + c];
      }
      squares += z[k] * z[k];
    }
    const double length = squares > 0 && std::isfinite(squares) ? std::sqrt(squares) : 0;
    for (const double v : z) out.push_back(static_cast<float>(length > 0 ? v / length : 0));
  }
  return out;
}

struct Set {
  std::vector<float> vectors;
  std::vector<std::int64_t> labels;
};

RankingQuality mean_of(const std::vector<RankingQuality>& all) {
  RankingQuality mean;
  for (const auto& one : all) {
    mean.map += one.map / static_cast<double>(all.size());
    mean.precision_at_5 += one.precision_at_5 / static_cast<double>(all.size());
    mean.precision_at_100 += one.precision_at_100 / static_cast<double>(all.size());
  }
  return mean;
}

/// `distances(q)` to the gallery; rows of equal distance in any order.
template <typename Distances>
RankingQuality quality(const std::vector<std::int64_t>& gallery, const std::vector<std::int64_t>& queries,
                       const Distances& distances) {
  std::vector<RankingQuality> all;
  for (std::size_t q = 0; q < queries.size(); ++q) {
    const std::vector<float> apart = distances(q);
    std::vector<std::uint8_t> relevant;
    std::vector<float> sorted;
    for (const auto row : search::ranked(apart)) {
      relevant.push_back(gallery[row] == queries[q] ? 1 : 0);
      sorted.push_back(apart[row]);
    }
    all.push_back({search::tied_average_precision(relevant, sorted),
                   search::tied_precision_at(relevant, sorted, std::min<std::size_t>(5, gallery.size())),
                   search::tied_precision_at(relevant, sorted, std::min<std::size_t>(100, gallery.size()))});
  }
  return mean_of(all);
}

void measure(const Set& gallery, const Set& queries, std::size_t numbers, TrainedEmbedding& trained) {
  const search::FeatureTable rows{gallery.vectors, numbers};
  const auto cosine = [&](std::size_t q) {
    return search::cosine_distances(rows, std::span(queries.vectors).subspan(q * numbers, numbers));
  };
  const std::vector<float> zeros(numbers, 0);
  const auto codes = search::binary_codes(rows, zeros);
  const auto asked = search::binary_codes({queries.vectors, numbers}, zeros);
  trained.cosine = quality(gallery.labels, queries.labels, cosine);
  trained.codes = quality(gallery.labels, queries.labels,
                          [&](std::size_t q) { return search::hamming_distances(codes, asked.row(q)); });
  auto dealt = gallery.labels;
  std::mt19937_64 random(1);
  for (std::size_t i = dealt.size(); i > 1; --i) std::swap(dealt[i - 1], dealt[random() % i]);
  trained.null = quality(dealt, queries.labels, cosine);
}

nn::Graph with_embedding(nn::Graph graph, const train::Embedding& embedding, const image::Dataset& set) {
  nn::Linear linear;
  linear.out_features = embedding.bias.size();
  linear.weights = embedding.weights, linear.bias = embedding.bias;
  nn::add_node(graph, "embedding", linear, {graph.nodes.size() - 1});
  graph.name = "embed";
  constexpr std::size_t kImages = 64;
  std::vector<std::vector<double>> samples;
  for (std::size_t n = 0; n < std::min(kImages, set.count); ++n) {
    const auto values = network_values(set, n, graph);
    samples.emplace_back(values.begin(), values.end());
  }
  graph.calibration = compile::calibration_numbers(graph, samples);
  return graph;
}

nlohmann::ordered_json quality_json(const RankingQuality& quality) {
  return {
      {"map", quality.map}, {"precision_at_5", quality.precision_at_5}, {"precision_at_100", quality.precision_at_100}};
}

}  // namespace

TrainedEmbedding train_embedding_network(const EmbeddingTraining& training, const TrainingRun& run) {
  const Stopwatch watch;
  const nn::Graph trunk = nn::read_onnx(training.trunk);
  const nn::Graph features = nn::features_of(trunk);
  auto set = load_noted(run.dataset, image::Split::train, run.data, run.note, run.limit);
  auto test = load_noted(run.dataset, image::Split::test, run.data, run.note, kQueries);
  train::set_math_threads(run.threads);
  TrainedEmbedding trained;
  trained.recipe = training.recipe;
  trained.trunk = training.trunk.filename().string();
  trained.features = features.output_shape().size(), trained.numbers = training.recipe.numbers;
  trained.gallery = set.count, trained.queries = test.count;
  const auto seen = features_of_set(set, features, run, "features");
  const auto on_epoch = [&](std::size_t epoch, double loss) {
    if (!run.quiet) run.progress(fmt::format("epoch {:>3}/{}  loss {:.4f}", epoch, training.recipe.epochs, loss));
  };
  trained.embedding = train::train_embedding(seen, set.labels, set.classes.size(), training.recipe, run.seed, on_epoch);
  const Set gallery{embedded(trained.embedding, seen), set.labels};
  const Set queries{embedded(trained.embedding, features_of_set(test, features, run, "test features")), test.labels};
  measure(gallery, queries, training.recipe.numbers, trained);
  trained.seconds = watch.seconds();
  nn::write_onnx(with_embedding(features, trained.embedding, set), run.out,
                 {{"command", run.command},
                  {"dataset", run.dataset},
                  {"trunk", trained.trunk},
                  {"trunk_sha256", image::sha256(read_file(training.trunk))}});
  write_file(beside(run.out, ".curve.json"), embedding_json(trained, run).dump(1) + "\n");
  return trained;
}

nlohmann::ordered_json embedding_json(const TrainedEmbedding& trained, const TrainingRun& run) {
  auto epochs = nlohmann::ordered_json::array();
  for (const double loss : trained.embedding.losses) {
    epochs.push_back({{"epoch", epochs.size() + 1}, {"train_loss", loss}});
  }
  return {{"command", run.command},
          {"version", kVersion},
          {"model", "embed"},
          {"dataset", run.dataset},
          {"trunk", trained.trunk},
          {"features", trained.features},
          {"numbers", trained.numbers},
          {"seed", run.seed},
          {"images", {{"gallery", trained.gallery}, {"queries", trained.queries}}},
          {"recipe", fmt::format("Adam {}, {} epochs of batches of {}, weight decay {}, cosines times {}, codes {}",
                                 trained.recipe.learning_rate, trained.recipe.epochs, trained.recipe.batch,
                                 trained.recipe.weight_decay, trained.recipe.cosine_scale, trained.recipe.code_share)},
          {"epochs", epochs},
          {"cosine", quality_json(trained.cosine)},
          {"codes", quality_json(trained.codes)},
          {"null", quality_json(trained.null)},
          {"seconds", trained.seconds}};
}

}  // namespace obscura::study
