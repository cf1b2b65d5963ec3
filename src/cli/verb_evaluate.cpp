#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "base/version.h"
#include "cli/calibration.h"
#include "cli/encrypted_run.h"
#include "cli/evaluate_pictures.h"
#include "cli/evaluation_report.h"
#include "cli/labelled_images.h"
#include "cli/options.h"
#include "cli/original_run.h"
#include "cli/output.h"
#include "cli/preprocessing.h"
#include "cli/query_images.h"
#include "cli/report_scores.h"
#include "cli/run_journal.h"
#include "cli/simulated_run.h"
#include "cli/support.h"
#include "cli/verbs.h"
#include "image/dataset.h"
#include "image/digest.h"
#include "image/picture_form.h"
#include "nn/classifier.h"
#include "nn/onnx_read.h"
#include "nn/onnx_write.h"
#include "nn/reference.h"

namespace fs = std::filesystem;

namespace obscura::cli {
namespace {

constexpr std::size_t kPlainBatch = 256;

struct EvaluateArguments {
  std::string network;
  fs::path against;
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
  PictureFit fit;
  bool force = false;
  PictureEvaluation pictures;
  StatedPreprocessing stated;
  fs::path report;
};

struct TestImages {
  std::vector<std::vector<float>> values;  ///< preprocessed
  std::vector<std::int64_t> labels;
  std::vector<std::string> classes;  ///< the network's
  std::string selection;             ///< which images of the set
};

/// Images of another shape are made to fit, which is said once.
void note_shape(const image::Dataset& set, const Shape& input) {
  if (set.channels == input.channels && set.height == input.height && set.width == input.width) return;
  note(fmt::format("{} images are {}x{}x{} (channels, height, width), made {}x{}x{} for the network", set.name,
                   set.channels, set.height, set.width, input.channels, input.height, input.width));
}

/// How the network's own pictures were made to fit, where its file says it; nothing else does.
std::string stated_fit(const std::string& network) {
  const auto metadata = nn::read_onnx_metadata(network);
  const auto fit = metadata.find("fit");
  if (fit == metadata.end()) return "";
  try {
    return image::to_string(image::parse_fit(fit->second));
  } catch (const UsageError& e) {
    throw FormatError(network + " does not say how its pictures were made to fit: " + e.what());
  }
}

/// Photos of a folder go from their own size to the network's in one step, as in training.
image::Dataset load_set(const EvaluateArguments& a, const nn::Graph& graph) {
  const std::size_t limit = a.seed ? 0 : a.limit;
  const Shape& input = graph.input_shape();
  if (!is_picture_folder(a.dataset) || (input.channels != 1 && input.channels != 3)) {
    return load_noted(a.dataset, image::Split::test, a.data, limit);
  }
  image::PictureForm form;
  form.width = input.width, form.height = input.height, form.channels = input.channels;
  form.fit = a.fit.chosen();
  if (const auto stated = a.fit.fit.empty() ? stated_fit(a.network) : ""; !stated.empty()) {
    form.fit = image::parse_fit(stated);
  }
  return load_noted(a.dataset, image::Split::test, a.data, form, limit);
}

TestImages load_images(const EvaluateArguments& a, const nn::Graph& graph) {
  auto set = load_set(a, graph);
  if (set.count == 0) throw FormatError(a.dataset + " has no test images");
  const Selection chosen = select_images(set, a.limit, a.seed);
  take_classes(set, graph.preprocessing.classes, graph.output_shape().size());
  note_shape(set, graph.input_shape());
  note_set(set, graph.input_shape(), graph.preprocessing, a.fit);
  TestImages images;
  images.classes = set.classes;
  images.selection = chosen.text;
  for (const std::size_t i : chosen.index) {
    images.values.push_back(network_values(set, i, graph, a.fit));
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
  std::optional<OriginalRun> original;       ///< what the file was fitted from, as asked
  nn::Origin origin;                         ///< as the file states it
  double plain_seconds = 0;
  compile::CompileOptions options;
};

Prepared prepare(const EvaluateArguments& a, ThreadPool& pool) {
  Prepared result;
  result.graph = nn::read_onnx(a.network, Shape{0, 1, 1}, stated_entries(a.stated));
  nn::check_classifier(result.graph);
  for (const auto& line : result.graph.notes) note(line);
  note_unstated(result.graph.preprocessing, a.network);
  result.origin = result.graph.origin;
  std::optional<nn::Graph> original;
  if (!a.against.empty()) original = read_original(a.against, result.graph);
  result.images = load_images(a, result.graph);
  const Stopwatch watch;
  result.plain = run_plain(result.graph, result.images.values);
  result.plain_seconds = watch.seconds();
  if (original) result.original = OriginalRun{a.against.string(), run_plain(*original, result.images.values)};
  result.options.mode = mode_of(a.mode);
  result.options.images_per_ciphertext = a.images_per_ciphertext;
  if (result.graph.calibration.empty() || compile::needs_fitting(result.graph)) {
    compile::FitReport fitted;
    const auto samples = calibration_samples(result.graph, a.dataset, a.data, kCalibrationSamples, a.fit);
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
nlohmann::ordered_json identity_of(const EvaluateArguments& a, const nn::Graph& graph, const TestImages& images,
                                   const ThreadPool& pool) {
  std::vector<std::uint8_t> values;
  for (const auto& image : images.values) {
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(image.data());
    values.insert(values.end(), bytes, bytes + image.size() * sizeof(float));
  }
  return {{"journal of", "obscura evaluate"},
          {"version", kVersion},
          {"network", image::sha256(nn::to_onnx(graph))},
          {"against", a.against.empty() ? std::string() : image::sha256(read_file(a.against))},
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
  result.selection = prepared.images.selection;
  result.plain_seconds = prepared.plain_seconds;
  result.run = run_with_journal(journal_of(a), identity_of(a, prepared.graph, prepared.images, pool), a.stop_after,
                                prepared.graph, prepared.options, prepared.images.values, pool, a.together);
  result.scores = score(prepared.plain, result.run.logits, prepared.images.labels);
  if (prepared.original)
    result.original = score_original(*prepared.original, result.run.logits, prepared.images.labels);
  result.origin = prepared.origin;
  judge_encryption(prepared, result);
  result.peak_memory_mb = peak_memory_mb();
  return result;
}

void write_page(const fs::path& out, const ScorePage& page) {
  write_file(out, to_html(score_document(page)));
}

void run_simulation(const EvaluateArguments& a) {
  ThreadPool pool(a.threads);
  const Prepared prepared = prepare(a, pool);
  const auto run = run_simulated(prepared.graph, prepared.options, prepared.images.values, pool, true);
  const Scores scores = score(prepared.plain, run.logits, prepared.images.labels);
  std::optional<OriginalScores> original;
  if (prepared.original) original = score_original(*prepared.original, run.logits, prepared.images.labels);
  const auto& classes = prepared.images.classes;
  if (!a.report.empty()) {
    write_page(a.report, {run.client.network + " on " + a.dataset,
                          prepared.images.selection + " images, " + a.mode + ", simulated: nothing was encrypted",
                          {"Network: " + a.network, "As the network takes images: " +
                                                        preprocessing_text(run.client.preprocessing, run.client.input)},
                          "simulated",
                          run.logits.size(),
                          classes,
                          scores});
  }
  if (a.json || !a.out.empty()) {
    nlohmann::ordered_json object = {
        {"network", a.network},
        {"dataset", a.dataset},
        {"mode", a.mode},
        {"simulated", true},
        {"selection", prepared.images.selection},
        {"preprocessing", preprocessing_json(run.client.preprocessing, run.client.input)},
        {"images", run.logits.size()},
        {"plain", plain_name(prepared.origin)},
        {"fitted_from", origin_json(prepared.origin)},
        {"original", original_json(original)},
        {"plain_accuracy", scores.plain_accuracy},
        {"accuracy", scores.encrypted_accuracy},
        {"agreement", scores.agreement},
        {"logit_error", {{"max", scores.max_logit_error}, {"rms", scores.rms_logit_error}}},
        {"predicted_logit_error", run.client.logit_error},
        {"predicted_fit_error", run.client.fit_error},
        {"images_out_of_range", run.overflows},
        {"parameters", parameters_json(run.client.parameters)},
        {"seconds", run.seconds}};
    object.update(scores_json(scores, classes));
    if (!a.out.empty()) write_file(a.out, object.dump(2) + "\n");
    if (a.json) return print_json(object);
  }
  fmt::print("{} on {} images of {}, {}, simulated: nothing was encrypted\n", run.client.network,
             prepared.images.selection, a.dataset, a.mode);
  fmt::print("  images     {}\n", preprocessing_text(run.client.preprocessing, run.client.input));
  print_accuracy(scores, classes, "simulated");
  fmt::print("  agreement  {:.2f} % of the images get the same class\n", 100 * scores.agreement);
  print_original(prepared.origin, original);
  fmt::print("  logits     error at most {:.2g}, {:.2g} rms (predicted {:.2g})\n", scores.max_logit_error,
             scores.rms_logit_error, run.client.logit_error);
  fmt::print("  range      {} images leave the range of the modulus: their answers are lost\n", run.overflows.size());
  fmt::print("{}{}", confusion_text(scores, classes, "what the simulated run says"), errors_text(scores.errors));
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
  p.force = a.force;
  evaluate_pictures(p);
}

/// What was typed for the other kind of network would be left aside without a word.
void refuse_other_options(const EvaluateArguments& a, const CLI::App& verb) {
  if (reads_pictures(a)) {
    refuse_options(verb,
                   {"--against", "--mode", "--simulate", "--together", "--images-per-ciphertext", "--seed", "--resume",
                    "--fit", "--invert"},
                   "is for networks that run on encrypted images, not for a .safetensors file");
    refuse_options(verb, {"--mean", "--std", "--input-range", "--classes", "--report"},
                   "is for ONNX networks: a .safetensors file says it itself");
    if (!a.stated.colour.empty()) throw UsageError("--colour has no value for a .safetensors file");
    refuse_options(verb, {"--make-key", "--calibrate"}, "would make a key that the network has never seen");
  } else {
    refuse_options(verb,
                   {"--key", "--make-key", "--calibrate", "--shield", "--block", "--arithmetic", "--depth", "--hidden",
                    "--statistics", "--per-image", "--resize", "--plain"},
                   "is for networks that `train --network` wrote: .safetensors files");
    if (verb.count("--colour") > 0 && a.stated.colour.empty()) {
      throw UsageError("--colour needs grey, rgb or bgr for an ONNX network");
    }
  }
}

void run_evaluate(const EvaluateArguments& a) {
  if (reads_pictures(a)) return run_on_pictures(a);
  check_outputs({{a.out, FileKind::evaluation}, {journal_of(a), FileKind::journal}, {a.report, FileKind::html}},
                {a.network, a.dataset}, a.force);
  if (a.simulate) return run_simulation(a);
  const Evaluation result = evaluate(a);
  if (!a.out.empty()) write_file(a.out, evaluation_json(result).dump(2) + "\n");
  if (!a.report.empty()) write_page(a.report, evaluation_page(result));
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
  auto* verb = add_verb(app, "evaluate");
  add_network(*verb, args->network);
  verb->add_option(
          "--against", args->against,
          "The network that the given one was fitted from (compile --save): its accuracy, and agreement with it")
      ->group(kFiles);
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
  verb->add_option("--seed", args->seed,
                   "Draw the K images from all by this seed (default: the first K; of folders class by turn)")
      ->check(whole_number())
      ->group(kRun);
  add_fit(*verb, args->fit);
  add_threads(*verb, args->threads);
  add_force(*verb, args->force);
  add_json(*verb, args->json);
  verb->add_option("--resume", args->resume,
                   "Keep what is done in this file and continue from it (default: beside --out, as .partial)")
      ->group(kOutput);
  verb->add_option("--stop-after", args->stop_after, "For tests: end as if interrupted")->group("");
  verb->add_option("--out", args->out, "Write the JSON object into this file, too")->group(kOutput);
  verb->add_option("--report", args->report, "Draw confusion, classes and errors on this HTML page")->group(kOutput);
  add_key_options(*verb, args->pictures.key, false);
  verb->add_flag("--per-image", args->pictures.per_image, "Shields: a key an image")->group(kRun);
  add_preprocessing_options(*verb, args->stated, false);
  verb->add_option("--colour", args->stated.colour,
                   "Alone: shields, make grey images colour images; grey, rgb or bgr: what an ONNX network reads")
      ->expected(0, 1)
      ->group(kRun);
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
    args->pictures.colour = verb->count("--colour") > 0;
    run_evaluate(*args);
  });
}

}  // namespace obscura::cli
