#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
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
#include "base/version.h"
#include "cli/calibration.h"
#include "cli/encrypted_run.h"
#include "cli/evaluate_pictures.h"
#include "cli/evaluation_report.h"
#include "cli/options.h"
#include "cli/query_images.h"
#include "cli/run_journal.h"
#include "cli/simulated_run.h"
#include "cli/support.h"
#include "cli/training_data.h"
#include "cli/verbs.h"
#include "image/dataset.h"
#include "image/digest.h"
#include "image/picture_form.h"
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
  fs::path resume;
  std::size_t limit = 0;
  std::size_t threads = 0;
  std::optional<std::uint64_t> seed;
  std::size_t images_per_ciphertext = 1;
  std::size_t together = 0;
  std::size_t stop_after = 0;  ///< for tests
  bool simulate = false;
  bool json = false;
  PictureEvaluation pictures;
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

/// Photos of a folder go from their own size to the network's in one step, as in training.
image::Dataset load_set(const EvaluateArguments& a, const nn::Graph& graph) {
  const std::size_t limit = a.seed ? 0 : a.limit;
  const nn::Shape& input = graph.input_shape();
  if (!is_picture_folder(a.dataset) || (input.channels != 1 && input.channels != 3)) {
    return image::load_dataset(a.dataset, image::Split::test, a.data, limit);
  }
  image::PictureForm form;
  form.width = input.width, form.height = input.height, form.channels = input.channels;
  const auto metadata = nn::read_onnx_metadata(a.network);
  if (const auto fit = metadata.find("fit"); fit != metadata.end()) {
    const auto known = {"stretch", "crop", "letterbox"};
    if (std::find(known.begin(), known.end(), fit->second) == known.end()) {
      throw FormatError(a.network + " states no known way to fit pictures: '" + fit->second + "'");
    }
    form.fit = image::parse_fit(fit->second);
  }
  auto set = image::load_pictures(a.dataset, image::Split::test, a.data, limit, form);
  for (const std::string& line : set.notes) note(line);
  return set;
}

TestImages load_images(const EvaluateArguments& a, const nn::Graph& graph) {
  const auto set = load_set(a, graph);
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

/// In double precision: polynomials of high degree need it.
std::vector<std::vector<float>> run_reference(const nn::Graph& graph, const std::vector<std::vector<float>>& images,
                                              ThreadPool& pool) {
  std::vector<std::vector<float>> logits(images.size());
  pool.parallel_for(images.size(), [&](std::size_t i) {
    const auto values = nn::run_reference(graph, images[i]);
    logits[i].assign(values.begin(), values.end());
  });
  return logits;
}

/// What both kinds of run need.
struct Prepared {
  nn::Graph graph;  ///< as it is compiled
  TestImages images;
  std::vector<std::vector<float>> plain;     ///< logits of the network as the file has it
  std::vector<std::vector<float>> compiled;  ///< and as it is compiled, where activations were fitted
  double plain_seconds = 0;
  compile::CompileOptions options;
};

Prepared prepare(const EvaluateArguments& a, ThreadPool& pool) {
  Prepared result;
  result.graph = nn::read_onnx(a.network);
  result.images = load_images(a, result.graph);
  const Stopwatch watch;
  result.plain = run_plain(result.graph, result.images.values);
  result.plain_seconds = watch.seconds();
  result.options.mode = mode_of(a.mode);
  result.options.images_per_ciphertext = a.images_per_ciphertext;
  if (result.graph.calibration.empty() || compile::needs_fitting(result.graph)) {
    compile::FitReport fitted;
    const auto samples = calibration_samples(result.graph, a.dataset, a.data);
    result.graph = calibrated(result.graph, samples, &fitted, &pool);
    if (!a.json && !fitted.layers.empty()) fmt::print("{}\n", fitted.text());
    if (!fitted.layers.empty()) result.compiled = run_reference(result.graph, result.images.values, pool);
  }
  return result;
}

/// Where the run keeps what is done: as asked, else beside the result if that is a file. Devices have nothing beside.
fs::path journal_of(const EvaluateArguments& a) {
  std::error_code ec;
  const bool file = !a.out.empty() && (!fs::exists(a.out, ec) || fs::is_regular_file(a.out, ec));
  return !a.resume.empty() || !file ? a.resume : fs::path(a.out.string() + ".partial");
}

/// What must be the same for a run to be continued.
nlohmann::ordered_json identity_of(const EvaluateArguments& a, const TestImages& images, const ThreadPool& pool) {
  std::vector<std::uint8_t> values;
  for (const auto& image : images.values) {
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(image.data());
    values.insert(values.end(), bytes, bytes + image.size() * sizeof(float));
  }
  return {{"journal of", "obscura evaluate"},
          {"version", kVersion},
          {"network", image::sha256(read_file(a.network))},
          {"dataset", a.dataset},
          {"mode", a.mode},
          {"seed", a.seed ? nlohmann::ordered_json(*a.seed) : nlohmann::ordered_json(nullptr)},
          {"limit", a.limit},
          {"images", image::sha256(values)},
          {"images_per_ciphertext", a.images_per_ciphertext},
          {"threads", pool.threads()}};
}

/// The largest error of a logit of every image, against these.
std::vector<double> worst_errors(const std::vector<std::vector<float>>& expected, const EncryptedRun& run) {
  std::vector<double> worst(expected.size(), 0);
  for (std::size_t i = 0; i < expected.size(); ++i) {
    for (std::size_t k = 0; k < expected[i].size(); ++k) {
      const double error = std::abs(run.logits[i][k] - expected[i][k]);
      worst[i] = error <= worst[i] ? worst[i] : error;
    }
  }
  return worst;
}

/// Fills in what encryption did to the network as it was compiled. An image is lost where a logit is further off than
/// any noise: a hundred predicted deviations and a tenth of a logit.
void judge_encryption(const Prepared& prepared, Evaluation& result) {
  const bool fitted = !prepared.compiled.empty();
  const auto worst = worst_errors(fitted ? prepared.compiled : prepared.plain, result.run);
  const double limit = std::max(100 * result.run.client.logit_error, 0.1);
  for (std::size_t i = 0; i < worst.size(); ++i) {
    if (!(worst[i] <= limit)) result.lost.push_back(i);
    if (fitted) result.max_encryption_error = std::max(result.max_encryption_error, worst[i]);
  }
}

Evaluation evaluate(const EvaluateArguments& a) {
  ThreadPool pool(a.threads);
  Prepared prepared = prepare(a, pool);
  Evaluation result;
  result.network = a.network;
  result.dataset = a.dataset;
  result.threads = pool.threads();
  result.seed = a.seed;
  result.classes = prepared.images.classes;
  result.plain_seconds = prepared.plain_seconds;
  result.run = run_with_journal(journal_of(a), identity_of(a, prepared.images, pool), a.stop_after, prepared.graph,
                                prepared.options, prepared.images.values, pool, a.together);
  result.scores = score(prepared.plain, result.run.logits, prepared.images.labels);
  judge_encryption(prepared, result);
  result.peak_memory_mb = peak_memory_mb();
  return result;
}

void run_simulation(const EvaluateArguments& a) {
  ThreadPool pool(a.threads);
  const Prepared prepared = prepare(a, pool);
  const auto run = run_simulated(prepared.graph, prepared.options, prepared.images.values, pool, true);
  const Scores scores = score(prepared.plain, run.logits, prepared.images.labels);
  if (a.json) {
    print_json({{"network", a.network},
                {"dataset", a.dataset},
                {"mode", a.mode},
                {"simulated", true},
                {"images", run.logits.size()},
                {"plain_accuracy", scores.plain_accuracy},
                {"accuracy", scores.encrypted_accuracy},
                {"agreement", scores.agreement},
                {"logit_error", {{"max", scores.max_logit_error}, {"rms", scores.rms_logit_error}}},
                {"predicted_logit_error", run.client.logit_error},
                {"images_out_of_range", run.overflows},
                {"parameters", parameters_json(run.client.parameters)},
                {"seconds", run.seconds}});
    return;
  }
  fmt::print("{} on {} images of {}, {}, simulated: nothing was encrypted\n", run.client.network, run.logits.size(),
             a.dataset, a.mode);
  fmt::print("  accuracy   {:.2f} %, plain {:.2f} %\n", 100 * scores.encrypted_accuracy, 100 * scores.plain_accuracy);
  fmt::print("  agreement  {:.2f} % of the images get the same class\n", 100 * scores.agreement);
  fmt::print("  logits     error at most {:.2g}, {:.2g} rms (predicted {:.2g})\n", scores.max_logit_error,
             scores.rms_logit_error, run.client.logit_error);
  fmt::print("  range      {} images leave the range of the modulus: their answers are lost\n", run.overflows.size());
}

/// The networks of `train --network`.
bool reads_pictures(const EvaluateArguments& a) {
  return fs::path(a.network).extension() == ".safetensors";
}

void run_on_pictures(const EvaluateArguments& a) {
  PictureEvaluation p = a.pictures;
  p.network = a.network;
  p.dataset = a.dataset;
  p.data = a.data;
  p.out = a.out;
  p.limit = a.limit;
  p.threads = a.threads;
  p.json = a.json;
  evaluate_pictures(p);
}

/// What was typed for the other kind of network would be left aside without a word.
void refuse_other_options(const EvaluateArguments& a, const CLI::App& verb) {
  if (reads_pictures(a)) {
    refuse_options(verb, {"--mode", "--simulate", "--together", "--images-per-ciphertext", "--seed", "--resume"},
                   "is for networks that run on encrypted images, not for a .safetensors file");
    refuse_options(verb, {"--make-key", "--calibrate"}, "would make a key that the network has never seen");
  } else {
    refuse_options(verb,
                   {"--key", "--make-key", "--calibrate", "--shield", "--block", "--arithmetic", "--depth", "--hidden",
                    "--statistics", "--per-image", "--colour", "--resize", "--plain"},
                   "is for networks that `train --network` wrote: .safetensors files");
  }
}

void run_evaluate(const EvaluateArguments& a) {
  if (reads_pictures(a)) return run_on_pictures(a);
  if (a.simulate) return run_simulation(a);
  if (!a.out.empty()) check_output(a.out);
  const Evaluation result = evaluate(a);
  if (!a.out.empty()) write_file(a.out, evaluation_json(result).dump(2) + "\n");
  if (!journal_of(a).empty()) fs::remove(journal_of(a));
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
  verb->add_flag("--simulate", args->simulate,
                 "Encrypt nothing: the program in the clear, with the errors that encryption will make")
      ->group(kRun);
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
  verb->add_option("--resume", args->resume,
                   "Keep what is done in this file and continue from it (default: beside --out, as .partial)")
      ->group(kOutput);
  verb->add_option("--stop-after", args->stop_after, "For tests: end as if interrupted")->group("");
  verb->add_option("--out", args->out, "Write the JSON object into this file, too")->group(kOutput);
  add_key_options(*verb, args->pictures.key, false);
  verb->add_flag("--per-image", args->pictures.per_image, "Shields: a key an image")->group(kRun);
  verb->add_flag("--colour", args->pictures.colour, "Shields: make grey images colour images")->group(kRun);
  verb->add_option("--resize", args->pictures.resize, "Shields: resize images to so many pixels a side first")
      ->check(whole_number())
      ->group(kRun);
  verb->add_option("--plain", args->pictures.plain, "Shields: a network trained on plain pictures, to compare with")
      ->group(kFiles);
  verb->footer(
      "A network of `train --network` (.safetensors) is tested on plain and on protected pictures, side by side.\n"
      "Examples:\n  obscura evaluate --network models/tenseal-mnist.onnx --dataset mnist --mode batched\n"
      "  obscura evaluate --network models/tenseal-mnist.onnx --dataset samples --limit 100 --json");
  verb->callback([args, verb] {
    refuse_other_options(*args, *verb);
    run_evaluate(*args);
  });
}

}  // namespace obscura::cli
