#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "base/error.h"
#include "base/file.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/query_images.h"
#include "cli/support.h"
#include "cli/train_pictures.h"
#include "cli/training_data.h"
#include "cli/training_output.h"
#include "cli/verbs.h"
#include "compile/approximate.h"
#include "compile/compile.h"
#include "image/dataset.h"
#include "nn/onnx_read.h"
#include "nn/onnx_write.h"
#include "train/blas.h"
#include "train/curve.h"
#include "train/encrypted/trainer.h"
#include "train/encrypted/zoo.h"
#include "train/vision/vision.h"

namespace obscura::cli {
namespace {

/// What the user typed; what he left out is the model's own.
struct TrainArguments {
  std::string model = "tenseal";
  std::string dataset = "mnist";
  std::filesystem::path out;
  std::filesystem::path data;
  std::optional<std::size_t> epochs, batch, plain_epochs;
  std::optional<double> learning_rate, muon_rate, warm_up, weight_decay, label_smoothing, clip_norm;
  std::optional<double> teacher_share, teacher_temperature;
  std::filesystem::path teacher;
  std::optional<double> range_weight, range_limit, range_bound, freeze_norms;
  std::optional<std::string> optimiser, schedule, augment, precision;
  std::uint64_t seed = 1;
  std::size_t threads = 1;
  std::size_t limit = 0;
  bool json = false;
  bool force = false;
  bool quiet = false;
  std::size_t test_limit = 0;
  PictureWishes form;
  ChoiceWishes choice;
  PictureTraining pictures;
};

template <typename T>
void replace(T& value, const std::optional<T>& wish) {
  if (wish) value = *wish;
}

bool is_bfloat16(const std::string& word) {
  if (word == "float" || word == "bfloat16") return word == "bfloat16";
  throw UsageError("unknown precision '" + word + "': choose float or bfloat16");
}

train::Recipe recipe_of(const TrainArguments& a, train::Recipe recipe) {
  replace(recipe.epochs, a.epochs);
  replace(recipe.batch, a.batch);
  replace(recipe.plain_epochs, a.plain_epochs);
  replace(recipe.learning_rate, a.learning_rate);
  replace(recipe.muon_rate, a.muon_rate);
  replace(recipe.warm_up, a.warm_up);
  replace(recipe.weight_decay, a.weight_decay);
  replace(recipe.range_weight, a.range_weight);
  replace(recipe.range_limit, a.range_limit);
  replace(recipe.range_bound, a.range_bound);
  replace(recipe.freeze_norms, a.freeze_norms);
  replace(recipe.teacher_share, a.teacher_share);
  replace(recipe.teacher_temperature, a.teacher_temperature);
  replace(recipe.label_smoothing, a.label_smoothing);
  replace(recipe.clip_norm, a.clip_norm);
  if (a.optimiser) recipe.optimiser = train::parse_optimiser(*a.optimiser);
  if (a.schedule) recipe.schedule = train::parse_schedule(*a.schedule);
  if (a.precision) recipe.bfloat16 = is_bfloat16(*a.precision);
  put_wishes(recipe, a.choice);
  if (a.augment) recipe.augmentation = train::parse_augmentation(*a.augment);
  train::check_recipe(recipe);
  return recipe;
}

/// The command that makes the same network again, without places that are another machine's.
std::string command_of(const TrainArguments& a) {
  const std::string what = a.pictures.network.empty() ? " --model " + a.model : command_of_pictures(a.pictures);
  std::string line = fmt::format("obscura train{} --dataset {} --out {}", what, a.dataset, a.out.filename().string());
  line += command_of(a.form) + command_of(a.choice);
  const auto add = [&line](const char* option, const auto& value) {
    if (value) line += fmt::format(" --{} {}", option, *value);
  };
  add("epochs", a.epochs);
  add("batch", a.batch);
  add("lr", a.learning_rate);
  add("optimiser", a.optimiser);
  add("muon-lr", a.muon_rate);
  add("schedule", a.schedule);
  add("warm-up", a.warm_up);
  add("augment", a.augment);
  add("plain-epochs", a.plain_epochs);
  add("weight-decay", a.weight_decay);
  add("label-smoothing", a.label_smoothing);
  add("clip", a.clip_norm);
  add("range-weight", a.range_weight);
  add("range-limit", a.range_limit);
  add("clamp", a.range_bound);
  add("freeze", a.freeze_norms);
  add("precision", a.precision);
  if (!a.teacher.empty()) line += fmt::format(" --distill-from {}", a.teacher.filename().string());
  add("distill-share", a.teacher_share);
  add("distill-temperature", a.teacher_temperature);
  if (a.limit != 0) line += fmt::format(" --limit {}", a.limit);
  if (a.test_limit != 0) line += fmt::format(" --test-limit {}", a.test_limit);
  return line + fmt::format(" --seed {} --threads {}", a.seed, a.threads);
}

void warn_of_slow_blas(double gflops, bool quiet) {
  if (quiet || gflops >= train::kSlowGemmGflops) return;
  fmt::print(stderr,
             "warning: matrix products run at {:.0f} GFLOPS, so training will be slow: install libopenblas0-pthread\n",
             gflops);
}

void print_summary(const TrainArguments& a, const train::TrainResult& result) {
  fmt::print("{}", result_text(a.out, result, result.graph.preprocessing.classes, "images"));
  for (const auto& range : result.activations) {
    fmt::print("  into {}: at most {:.2f}, rms {:.2f} over the test images\n", range.layer, range.max_abs, range.rms);
  }
  for (const auto& outliers : result.outliers) {
    fmt::print("  {} of the test images go beyond {:.0f} somewhere\n", outliers.images, outliers.limit);
  }
  if (result.skipped_steps > 0) fmt::print("  {} steps were skipped: no finite gradient\n", result.skipped_steps);
  fmt::print("  curve: {} and {}\n", beside(a.out, ".curve.json").string(), beside(a.out, ".curve.svg").string());
}

/// What the compiler wants to know of how large values get, from the first training images; a teacher's activations
/// are not fitted.
nn::Graph with_ranges(nn::Graph graph, const image::Dataset& train_set) {
  constexpr std::size_t kImages = 64;
  if (compile::needs_fitting(graph)) return graph;
  std::vector<std::vector<double>> samples;
  for (std::size_t i = 0; i < std::min(kImages, train_set.count); ++i) {
    const auto values = network_values(train_set, i, graph);
    samples.emplace_back(values.begin(), values.end());
  }
  graph.calibration = compile::calibration_numbers(graph, samples);
  return graph;
}

void check_training_outputs(const TrainArguments& a) {
  const bool pictures = !a.pictures.network.empty();
  std::vector<Output> outputs = {{a.out, pictures ? FileKind::safetensors : FileKind::onnx},
                                 {beside(a.out, ".curve.json"), FileKind::curve},
                                 {beside(a.out, ".curve.svg"), FileKind::svg},
                                 {beside(a.out, ".checkpoint"), FileKind::checkpoint}};
  std::vector<std::filesystem::path> inputs = {a.dataset, a.teacher, a.pictures.pretrained, a.pictures.publics};
  // A training that goes on finds the key that it has made itself: an input, too.
  inputs.push_back(a.pictures.key.file);
  check_outputs(outputs, inputs, a.force);
}

/// Photos come in the model's usual size, unless another is said; their colours are their own.
image::PictureForm form_for(const TrainArguments& a) {
  auto form = form_of(a.form);
  const Shape usual = train::usual_images(a.model);
  if (!form.has_size() && is_picture_folder(a.dataset)) form.height = usual.height, form.width = usual.width;
  return form;
}

/// What is another than usual.
void note_shape(const TrainArguments& a, const Shape& input, std::vector<std::string>& notes) {
  const Shape usual = train::usual_images(a.model);
  const bool by_default = a.form.size.empty() && is_picture_folder(a.dataset);
  if (input == usual && !by_default) return;
  notes.push_back(fmt::format("{} is built for pictures of {}x{}, {}{}", a.model, input.width, input.height,
                              input.channels == 3 ? "rgb" : "grey",
                              by_default ? ", its usual size: --size takes another" : ""));
  if (!(input == usual)) {
    notes.back() +=
        fmt::format(" (published for {}x{}, {})", usual.width, usual.height, usual.channels == 3 ? "rgb" : "grey");
  }
}

struct Written {
  train::CurveHeader header;
  train::TrainResult result;
};

void write_all(const TrainArguments& a, const Written& w, const image::Dataset& train_set) {
  nn::write_onnx(with_ranges(w.result.graph, train_set), a.out,
                 {{"command", w.header.command}, {"dataset", a.dataset}, {"fit", a.form.fit}});
  write_file(beside(a.out, ".curve.json"), train::curve_json(w.header, w.result));
  write_file(beside(a.out, ".curve.svg"), train::curve_svg(w.header, w.result));
}

void report(const TrainArguments& a, const Written& w) {
  if (!a.json) {
    print_summary(a, w.result);
    return;
  }
  auto json = nlohmann::ordered_json::parse(train::curve_json(w.header, w.result));
  json["network"] = a.out.string();
  fmt::print("{}\n", json.dump(2));
}

void train_network(const TrainArguments& a) {
  check_training_outputs(a);
  if (!a.pictures.network.empty()) {
    const TrainingRun run{a.dataset,    a.data, a.out,   a.seed,        a.threads,       a.limit,
                          a.test_limit, a.json, a.quiet, command_of(a), form_of(a.form), a.choice};
    train_on_pictures(a.pictures, run, [&a](const train::Recipe& recipe) { return recipe_of(a, recipe); });
    return;
  }
  // What was mistyped is said before gigabytes are read.
  recipe_of(a, train::model_recipe(a.model, a.dataset));
  auto sets = load_training_sets(a.dataset, a.data, form_for(a), a.limit, 0);
  const Shape input{sets.train.channels, sets.train.height, sets.train.width};
  const auto model = train::make_model(a.model, input, sets.train.classes.size(), sets.train.name);
  note_shape(a, input, sets.notes);
  note_share(a.choice, sets.validation.has_value(), sets.notes);
  const auto recipe = recipe_of(a, model.recipe);
  train::set_math_threads(a.threads);
  const double gflops = train::measure_gemm_gflops();
  warn_of_slow_blas(gflops, a.quiet);
  auto options = run_options(a.out, a.seed, a.threads, recipe.epochs, a.quiet);
  if (!a.teacher.empty()) options.teacher = std::make_shared<const nn::Graph>(nn::read_onnx(a.teacher));
  say_notes(sets.notes, a.quiet);
  Written w;
  w.result =
      train::train(model.graph, recipe, sets.train, sets.test, options, sets.validation ? &*sets.validation : nullptr);
  w.header = {a.model, a.dataset, command_of(a), train::describe(recipe), a.seed, a.threads, gflops};
  w.header.classes = sets.train.classes;
  w.header.notes = sets.notes;
  write_all(a, w, sets.train);
  std::filesystem::remove(options.checkpoint);
  report(a, w);
}

std::string models_text() {
  std::string text = "Models:\n";
  for (const auto& name : train::model_names())
    text += "  " + name + "  " + train::model_summary(name) + "; takes " + train::images_taken(name) + "\n";
  text += "Networks for pictures in the open (--network):\n";
  for (const auto& name : train::vision_names()) text += "  " + name + "  " + train::vision_summary(name) + "\n";
  return text + "What is not said is the model's own. An interrupted run continues where it was when started again.";
}

}  // namespace

void add_train_verb(CLI::App& app) {
  auto* verb = add_verb(app, "train");
  const auto args = std::make_shared<TrainArguments>();
  verb->footer(models_text());
  verb->add_option("--model", args->model, "Network to train")->capture_default_str();
  verb->add_option("--dataset", args->dataset, "Data set by name, or a folder of images")->capture_default_str();
  verb->add_option("--out", args->out,
                   "File to write: ONNX, with --network safetensors; .curve.json and .curve.svg go beside it")
      ->required();
  verb->add_option("--data", args->data, "Folder of the data sets (else $OBSCURA_DATA, else the cache)");
  verb->add_option("--epochs", args->epochs, "Passes over the training images")->check(whole_number());
  verb->add_option("--batch", args->batch, "Images a step")->check(whole_number());
  verb->add_option("--lr", args->learning_rate, "Learning rate");
  verb->add_option("--optimiser,--optimizer", args->optimiser, "adam, adamw, rmsprop, sgd or muon");
  verb->add_option("--muon-lr", args->muon_rate, "Learning rate of muon for convolutions; --lr is for the rest");
  verb->add_option("--schedule", args->schedule, "Learning rate over time: constant, one-cycle, cosine or steps");
  verb->add_option("--warm-up", args->warm_up, "Share of the run in which one-cycle rises");
  verb->add_option("--augment", args->augment,
                   "none, affine, affine-strong, flip, affine+flip, shift+flip, crop+flip or crop+flip+cutout");
  verb->add_option("--plain-epochs", args->plain_epochs, "Last epochs without augmentation");
  verb->add_option("--weight-decay", args->weight_decay, "L2 weight decay");
  verb->add_option("--label-smoothing", args->label_smoothing, "0 to 1");
  verb->add_option("--clip", args->clip_norm, "Largest norm of a gradient; 0: no limit");
  verb->add_option("--range-weight", args->range_weight, "Penalty on numbers to be squared that pass --range-limit");
  verb->add_option("--range-limit", args->range_limit, "Size from which --range-weight counts");
  verb->add_option("--clamp", args->range_bound, "Own models: clamp what is squared to +- this in training; 0: not");
  verb->add_option("--freeze", args->freeze_norms, "Last share of the run in which batch norms keep their statistics");
  verb->add_option("--precision", args->precision, "Of convolutions in training: float or bfloat16");
  verb->add_option("--distill-from", args->teacher, "Learn from the answers of this trained network (ONNX), too");
  verb->add_option("--distill-share", args->teacher_share, "Weight of the teacher's answers, 0 to 1; labels the rest");
  verb->add_option("--distill-temperature", args->teacher_temperature, "How soft the teacher's answers are made");
  verb->add_option("--seed", args->seed, "Same seed, same network")->check(whole_number())->capture_default_str();
  verb->add_option("--threads", args->threads, "Threads; small networks are fastest with one")->capture_default_str();
  verb->add_option("--limit", args->limit, "Use the first K training images only; 0: all")->capture_default_str();
  verb->add_option("--test-limit", args->test_limit, "--network: the first K test images only; 0: all");
  add_picture_wishes(*verb, args->form);
  add_choice_wishes(*verb, args->choice);
  add_picture_training(*verb, args->pictures);
  verb->add_flag("--json", args->json, "Print the result as JSON");
  add_force(*verb, args->force);
  verb->add_flag("--quiet", args->quiet, "No progress");
  verb->callback([args, verb] {
    // Without a word after it, --adapt means the first.
    if (verb->count("--adapt") > 0 && args->pictures.adaptation.empty()) args->pictures.adaptation = "er-cnn";
    if (verb->count("--colour") > 0 && args->form.colour.empty()) args->form.colour = "rgb";
    if (verb->count("--network") == 0) {
      refuse_picture_training(*verb);
    } else {
      refuse_other_training(*verb);
      train::vision_summary(args->pictures.network);  // throws for an unknown one, an empty word too
    }
    train_network(*args);
  });
}

}  // namespace obscura::cli
