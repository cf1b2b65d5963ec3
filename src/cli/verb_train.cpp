#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "base/error.h"
#include "base/notes.h"
#include "cli/console.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/train_options.h"
#include "cli/verbs.h"
#include "study/learning/train_embedding.h"
#include "train/choosing.h"
#include "train/encrypted/zoo.h"
#include "train/vision/vision.h"

namespace obscura::cli {
namespace {

using study::beside;

constexpr const char* kEmbed = "embed";

void check_training_outputs(const TrainArguments& a) {
  const auto& out = a.run.out;
  const bool pictures = a.mode() == kTrainsPictures;
  const std::vector<Output> outputs = {{out, pictures ? study::FileKind::safetensors : study::FileKind::onnx},
                                       {beside(out, ".curve.json"), study::FileKind::curve},
                                       {beside(out, ".curve.svg"), study::FileKind::svg},
                                       {beside(out, ".checkpoint"), study::FileKind::checkpoint}};
  // A training that goes on finds the key that it has made itself: an input, too.
  check_outputs(outputs,
                {a.run.dataset, a.network.teacher, a.network.trunk, a.pictures.pretrained, a.pictures.publics,
                 a.pictures.key.file},
                a.force);
}

/// The test figure with its interval, the epoch that was kept and why, and figures a class.
void print_result(const TrainArguments& a, const train::TrainResult& result, const std::vector<std::string>& classes,
                  const std::string& what) {
  fmt::print("{}: {}\n  {}\n{}", a.run.out.string(), train::accuracy_text(result.test, "test " + what),
             train::choice_text(result.choice, result.epochs), train::class_table(result.test, classes));
}

void print_curve_files(const TrainArguments& a) {
  fmt::print("  curve: {} and {}\n", beside(a.run.out, ".curve.json").string(),
             beside(a.run.out, ".curve.svg").string());
}

nlohmann::ordered_json json_of(const TrainArguments& a, const train::CurveHeader& header,
                               const train::TrainResult& result) {
  auto json = nlohmann::ordered_json::parse(train::curve_json(header, result));
  json["network"] = a.run.out.string();
  return json;
}

void run_network(const TrainArguments& a) {
  const auto trained = study::train_network(a.network, a.run);
  const train::TrainResult& result = trained.result;
  if (a.json) return print_json(json_of(a, trained.header, result));
  print_result(a, result, result.graph.preprocessing.classes, "images");
  for (const auto& range : result.activations) {
    fmt::print("  into {}: at most {:.2f}, rms {:.2f} over the test images\n", range.layer, range.max_abs, range.rms);
  }
  for (const auto& outliers : result.outliers) {
    fmt::print("  {} of the test images go beyond {:.0f} somewhere\n", outliers.images, outliers.limit);
  }
  if (result.skipped_steps > 0) fmt::print("  {} steps were skipped: no finite gradient\n", result.skipped_steps);
  print_curve_files(a);
}

void run_pictures(const TrainArguments& a) {
  const auto trained = study::train_on_pictures(a.pictures, a.run);
  if (a.json) {
    auto json = json_of(a, trained.header, trained.curve);
    json["rounds"] = a.pictures.rounds;
    if (!trained.shield.empty()) json["promise"] = trained.promise;
    return print_json(json);
  }
  print_result(a, trained.curve, trained.header.classes, "pictures");
  if (!trained.shield.empty()) fmt::print("{}: {}\n", trained.shield, trained.promise);
  print_curve_files(a);
}

void run_embedding(const TrainArguments& a) {
  study::EmbeddingTraining training;
  training.trunk = a.network.trunk;
  const auto& wished = a.run.recipe;
  training.recipe.epochs = wished.epochs.value_or(training.recipe.epochs);
  training.recipe.batch = wished.batch.value_or(training.recipe.batch);
  training.recipe.learning_rate = wished.learning_rate.value_or(training.recipe.learning_rate);
  training.recipe.weight_decay = wished.weight_decay.value_or(training.recipe.weight_decay);
  const auto trained = study::train_embedding_network(training, a.run);
  if (a.json) return print_json(study::embedding_json(trained, a.run));
  fmt::print("{}: {} features of {} to {} numbers\n", a.run.out.string(), trained.features, trained.trunk,
             trained.numbers);
  const auto line = [&](const char* what, const study::RankingQuality& q) {
    fmt::print("  {:<22} mAP {:.4f}, precision at 5 {:.4f}, at 100 {:.4f}\n", what, q.map, q.precision_at_5,
               q.precision_at_100);
  };
  fmt::print("{} training images ranked for {} test images\n", trained.gallery, trained.queries);
  line("by the cosine", trained.cosine);
  line("by codes of signs", trained.codes);
  line("labels dealt out anew", trained.null);
}

/// Options that an embedding reads; any other that was typed would change nothing.
void check_embedding(const CLI::App& verb, const TrainArguments& a) {
  static const std::vector<std::string> read = {"--model",        "--trunk",   "--dataset", "--data",  "--out",
                                                "--limit",        "--epochs",  "--batch",   "--lr",    "--seed",
                                                "--weight-decay", "--threads", "--quiet",   "--force", "--json"};
  for (const CLI::Option* option : verb.get_options()) {
    if (option->count() == 0) continue;
    const std::string name = "--" + option->get_single_name();
    if (std::ranges::find(read, name) == read.end()) throw UsageError(name + " changes nothing for --model embed");
  }
  if (a.network.trunk.empty()) {
    throw UsageError(
        "--model embed embeds the features of a trained classifier: name it with --trunk "
        "(models/obscura-m-cifar10.onnx)");
  }
}

void run_train(TrainArguments& a) {
  check_training_outputs(a);
  a.run.command = "obscura train" + train_options().echo(a, a.mode());
  a.run.note = notes();
  a.run.progress = Notes([](const std::string& line) { fmt::print(stderr, "{}\n", line); });
  if (a.mode() == kTrainsNetwork && a.network.model == kEmbed) return run_embedding(a);
  (a.mode() == kTrainsPictures ? run_pictures : run_network)(a);
}

std::string models_text() {
  std::string text = "Models:\n";
  for (const auto& name : train::model_names())
    text += "  " + name + "  " + train::model_summary(name) + "; takes " + train::images_taken(name) + "\n";
  text += std::string("  ") + kEmbed +
          "  64 numbers by which pictures are found, a linear map of the features of --trunk, for search; takes what "
          "the trunk takes\n";
  text += "Networks for pictures in the open (--network):\n";
  for (const auto& name : train::vision_names()) text += "  " + name + "  " + train::vision_summary(name) + "\n";
  return text + "What is not said is the model's own. An interrupted run continues where it was when started again.";
}

}  // namespace

void add_train_verb(CLI::App& verb) {
  const auto args = std::make_shared<TrainArguments>();
  verb.footer(models_text());
  train_options().add_to(verb, *args);
  verb.add_flag("--json", args->json, "Print the result as JSON");
  add_force(verb, args->force);
  verb.callback([args, &verb] {
    // Without a word after it, --adapt means the first.
    if (verb.count("--adapt") > 0 && args->pictures.adaptation.empty()) args->pictures.adaptation = "er-cnn";
    if (verb.count("--colour") > 0 && args->run.form.colour.empty()) args->run.form.colour = "rgb";
    if (verb.count("--network") == 0 && args->network.model == kEmbed) {
      check_embedding(verb, *args);
    } else if (!args->network.trunk.empty()) {
      throw UsageError("--trunk is for --model embed");
    }
    if (verb.count("--network") == 0) {
      train_options().refuse(verb, kTrainsPictures,
                             "is for networks for pictures in the open: name one with --network");
    } else {
      train_options().refuse(verb, kTrainsNetwork,
                             "is for networks that run on encrypted images (--model), not for --network");
      train::vision_summary(args->pictures.network);  // throws for an unknown one, an empty word too
    }
    run_train(*args);
  });
}

}  // namespace obscura::cli
