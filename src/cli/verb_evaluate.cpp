#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <numeric>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "cli/calibration.h"
#include "cli/encrypted_run.h"
#include "cli/evaluation_report.h"
#include "cli/options.h"
#include "cli/query_images.h"
#include "cli/support.h"
#include "cli/verbs.h"
#include "image/dataset.h"
#include "nn/onnx_read.h"
#include "nn/reference.h"

namespace fs = std::filesystem;

namespace obscura::cli {
namespace {

constexpr std::size_t kPlainBatch = 256;

struct EvaluateArguments {
  std::string network;
  std::string dataset = "mnist";
  std::string mode = "packed";
  fs::path data;
  fs::path out;
  std::size_t limit = 0;
  std::size_t threads = 0;
  std::optional<std::uint64_t> seed;
  std::size_t images_per_ciphertext = 1;
  std::size_t together = 0;
  bool json = false;
};

struct TestImages {
  std::vector<std::vector<float>> values;  ///< preprocessed
  std::vector<std::int64_t> labels;
  std::vector<std::string> classes;
};

/// The first images, or as many drawn from all of them by the seed: a prefix of Fisher and Yates' shuffle, without the
/// library's distributions, so that a seed means the same everywhere.
std::vector<std::size_t> choose(std::size_t count, const EvaluateArguments& a) {
  std::vector<std::size_t> index(count);
  std::iota(index.begin(), index.end(), std::size_t{0});
  const std::size_t wanted = a.limit == 0 ? count : std::min(a.limit, count);
  if (a.seed) {
    std::mt19937_64 random(*a.seed);
    for (std::size_t i = 0; i < wanted; ++i) std::swap(index[i], index[i + random() % (count - i)]);
  }
  index.resize(wanted);
  return index;
}

/// Images of another shape are made to fit, which is said once.
void note_shape(const image::Dataset& set, const nn::Shape& input) {
  if (set.channels == input.channels && set.height == input.height && set.width == input.width) return;
  note(fmt::format("{} images are {}x{}x{} (channels, height, width), made {}x{}x{} for the network", set.name,
                   set.channels, set.height, set.width, input.channels, input.height, input.width));
}

TestImages load_images(const EvaluateArguments& a, const nn::Graph& graph) {
  const auto set = image::load_dataset(a.dataset, image::Split::test, a.data, a.seed ? 0 : a.limit);
  if (set.count == 0) throw FormatError(a.dataset + " has no test images");
  const std::size_t outputs = graph.output_shape().size();
  if (set.classes.size() > outputs) {
    throw MismatchError(
        fmt::format("{} has {} classes, but the network tells {} apart", set.name, set.classes.size(), outputs));
  }
  note_shape(set, graph.input_shape());
  TestImages images;
  images.classes = set.classes;
  for (const std::size_t i : choose(set.count, a)) {
    images.values.push_back(network_values(set, i, graph));
    images.labels.push_back(set.labels[i]);
  }
  return images;
}

std::vector<std::vector<float>> run_plain(const nn::Graph& graph, const std::vector<std::vector<float>>& images) {
  nn::Reference reference(graph);
  const std::size_t outputs = reference.outputs();
  std::vector<std::vector<float>> logits;
  for (std::size_t first = 0; first < images.size(); first += kPlainBatch) {
    const std::size_t last = std::min(first + kPlainBatch, images.size());
    std::vector<float> values;
    for (std::size_t i = first; i < last; ++i) values.insert(values.end(), images[i].begin(), images[i].end());
    const auto result = reference.run(values);
    for (auto at = result.begin(); at != result.end(); at += static_cast<std::ptrdiff_t>(outputs)) {
      logits.emplace_back(at, at + static_cast<std::ptrdiff_t>(outputs));
    }
  }
  return logits;
}

Evaluation evaluate(const EvaluateArguments& a) {
  const auto graph = nn::read_onnx(a.network);
  const TestImages images = load_images(a, graph);
  ThreadPool pool(a.threads);
  Evaluation result;
  result.network = a.network;
  result.dataset = a.dataset;
  result.threads = pool.threads();
  result.seed = a.seed;
  result.classes = images.classes;
  const Stopwatch watch;
  const auto plain = run_plain(graph, images.values);
  result.plain_seconds = watch.seconds();
  compile::CompileOptions options;
  options.mode = mode_of(a.mode);
  options.images_per_ciphertext = a.images_per_ciphertext;
  if (graph.calibration.empty()) options.samples = calibration_samples(graph, a.dataset, a.data);
  result.run = run_encrypted(graph, options, images.values, pool, true, a.together);
  result.scores = score(plain, result.run.logits, images.labels);
  result.peak_memory_mb = peak_memory_mb();
  return result;
}

void run_evaluate(const EvaluateArguments& a) {
  if (!a.out.empty()) check_output(a.out);
  const Evaluation result = evaluate(a);
  if (!a.out.empty()) write_file(a.out, evaluation_json(result).dump(2) + "\n");
  if (a.json) {
    print_json(evaluation_json(result));
  } else {
    print_evaluation(result);
  }
}

}  // namespace

void add_evaluate_verb(CLI::App& app) {
  const auto args = std::make_shared<EvaluateArguments>();
  auto* verb = app.add_subcommand("evaluate", "Classifies test images plain and encrypted: accuracy, time, sizes");
  add_network(*verb, args->network);
  verb->add_option("--dataset", args->dataset,
                   "mnist, fashion-mnist, kmnist, kmnist-split, cifar-10, neu-cls, samples, or a folder")
      ->capture_default_str()
      ->group(kFiles);
  verb->add_option("--data", args->data, "Folder of the data sets (else $OBSCURA_DATA, else the cache)")->group(kFiles);
  add_mode(*verb, args->mode)->capture_default_str();
  verb->add_option("--together", args->together,
                   "Large packed networks: queries that go through the network at a time; 1: lowest latency; 0: a few")
      ->check(whole_number())
      ->capture_default_str()
      ->group(kRun);
  add_images_per_ciphertext(*verb, args->images_per_ciphertext);
  verb->add_option("--limit", args->limit, "Use K of the test images only; 0: all")
      ->check(whole_number())
      ->capture_default_str()
      ->group(kRun);
  verb->add_option("--seed", args->seed, "Draw the K images by this seed (default: the first K)")
      ->check(whole_number())
      ->group(kRun);
  add_threads(*verb, args->threads);
  add_json(*verb, args->json);
  verb->add_option("--out", args->out, "Write the JSON object into this file, too")->group(kOutput);
  verb->footer(
      "Examples:\n  obscura evaluate --network models/tenseal-mnist.onnx --dataset mnist --mode batched\n"
      "  obscura evaluate --network models/tenseal-mnist.onnx --dataset samples --limit 100 --json");
  verb->callback([args] { run_evaluate(*args); });
}

}  // namespace obscura::cli
