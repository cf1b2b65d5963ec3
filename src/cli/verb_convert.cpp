#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "base/notes.h"
#include "cli/console.h"
#include "cli/option_table.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/picture_options.h"
#include "cli/verbs.h"
#include "report/text.h"
#include "study/learning/convert_network.h"
#include "train/choosing.h"

namespace obscura::cli {
namespace {

using study::beside;

struct ConvertArguments {
  study::NetworkConversion conversion;
  study::TrainingRun run;
  bool json = false;
  bool force = false;
};

OptionTable<study::NetworkConversion> conversion_options() {
  using V = study::NetworkConversion;
  OptionTable<V> t;
  t.flag("--no-labels", &V::no_labels, "Learn from the original's answers alone; a folder may then be laid out anyhow");
  t.value("--agreement", &V::agreement,
          "End once this share of the validation pictures (0.97) gets the original's class; else after all epochs");
  t.value("--gradual", &V::gradual,
          "Share of the epochs over which quadratics and averages are blended in (0.25); 0: at once");
  t.value("--simulate", &V::simulate,
          "Test pictures whose encrypted run is simulated to find lost ones; 0: none (default: all)")
      .check(whole_number());
  return t;
}

OptionTable<study::NetworkConversion> stated_rows() {
  using V = study::NetworkConversion;
  OptionTable<V> t;
  t.value("--input", &V::input, "What image a network takes that takes numbers: channels x height x width, as 1x28x28");
  t.part(preprocessing_options(true), &V::stated);
  return t;
}

OptionTable<study::RecipeWishes> retraining_options() {
  using V = study::RecipeWishes;
  OptionTable<V> t;
  t.value("--epochs", &V::epochs, "Passes over the training pictures, at the most (20)").check(whole_number());
  t.value("--batch", &V::batch, "Pictures a step (128)").check(whole_number());
  t.value("--lr", &V::learning_rate, "Learning rate (0.001)");
  t.value("--augment", &V::augment, "What is done to training pictures, as of train (none)");
  t.value("--distill-share", &V::teacher_share, "Weight of the original's answers, 0 to 1 (1); labels the rest");
  t.value("--distill-temperature", &V::teacher_temperature, "How soft those answers are made (4)");
  t.value("--range-weight", &V::range_weight, "Penalty on numbers to be squared that pass --range-limit (50)");
  t.value("--range-limit", &V::range_limit, "Size from which --range-weight counts (5)");
  t.value("--freeze", &V::freeze_norms,
          "Last share of the run in which batch norms keep their statistics; what is kept is of these epochs (0.5)");
  t.value("--precision", &V::precision, "Of convolutions in training: float or bfloat16");
  return t;
}

OptionTable<study::TrainingRun> run_rows() {
  using V = study::TrainingRun;
  OptionTable<V> t;
  t.value("--dataset", &V::dataset, "Data set by name, or a folder of pictures, with or without a subfolder a class")
      .required()
      .echo(Echo::always);
  t.value("--out", &V::out, "File to write (ONNX); .curve.json and .curve.svg go beside it")
      .required()
      .echo(Echo::file_name);
  t.value("--data", &V::data, "Folder of the data sets (else $OBSCURA_DATA, else the cache)").echo(Echo::never);
  t.value("--limit", &V::limit, "Use the first K training pictures only; 0: all").check(whole_number()).shows_default();
  t.value("--test-limit", &V::test_limit, "The same of test pictures").check(whole_number()).shows_default();
  t.part(retraining_options(), &V::recipe);
  t.value("--seed", &V::seed, "Same seed, same network").check(whole_number()).shows_default().echo(Echo::always);
  t.value("--threads", &V::threads, "Threads; small networks are fastest with one").shows_default().echo(Echo::always);
  t.flag("--quiet", &V::quiet, "No progress").echo(Echo::never);
  return t;
}

OptionTable<study::PictureWishes> fit_rows() {
  OptionTable<study::PictureWishes> t;
  t.value("--fit", &study::PictureWishes::fit,
          "How pictures of a folder are made to fit: stretch, crop (the middle) or letterbox (bars)")
      .shows_default();
  return t;
}

OptionTable<study::ChoiceWishes> validation_rows() {
  OptionTable<study::ChoiceWishes> t;
  t.value("--validation-share", &study::ChoiceWishes::validation_share,
          "Share of the training pictures held back to choose the epoch, where the data set has none for that (0.1)");
  return t;
}

const OptionTable<ConvertArguments>& convert_options() {
  static const OptionTable<ConvertArguments> table = [] {
    OptionTable<study::TrainingRun> run = run_rows();
    run.part(fit_rows(), &study::TrainingRun::form);
    run.part(validation_rows(), &study::TrainingRun::choice);
    OptionTable<ConvertArguments> t;
    t.part(conversion_options(), &ConvertArguments::conversion);
    t.part(run, &ConvertArguments::run);
    t.part(stated_rows(), &ConvertArguments::conversion);
    return t;
  }();
  return table;
}

std::string share_text(const study::Share& share) {
  const auto interval = share.interval();
  return fmt::format("{:.2f} % of {} (95 % interval: {:.2f} to {:.2f} %)", 100 * share.value(),
                     report::count_text(static_cast<double>(share.whole)), 100 * interval.low, 100 * interval.high);
}

void print_layers(const study::ConvertedNetwork& out) {
  fmt::print("  {:<20} {:<10} {:>26}   {:>9}   {}\n", "layer", "was", "inputs of the original", "fit",
             "now: size of z");
  for (const auto& layer : out.layers) {
    std::string now = "average";
    for (const auto& after : out.result.activations) {
      if (after.layer == layer.layer) now = fmt::format("at most {:.2f}, rms {:.2f}", after.max_abs, after.rms);
    }
    fmt::print("  {:<20} {:<10} {:>11.3g} to {:>10.3g}   {:>7.1f} %   {}\n", layer.layer, layer.was, layer.least,
               layer.largest, 100 * layer.explained, now);
  }
}

void print_cost(const study::ConversionCost& cost) {
  if (!cost.problem.empty()) {
    fmt::print("  it does not compile: {}\n", cost.problem);
    return;
  }
  fmt::print("  encrypted: N = 2^{}, {} primes, {:.3g} s a query predicted on one thread\n", cost.log_degree,
             cost.primes, cost.seconds);
  if (!cost.cheaper.empty()) fmt::print("             {}\n", cost.cheaper);
  if (cost.simulated == 0) return;
  fmt::print("  simulated: {} of {} test pictures lost (a value out of range); agreement with the original {}\n",
             cost.lost, report::count_text(static_cast<double>(cost.simulated)), share_text(cost.simulated_agreement));
}

void print_conversion(const ConvertArguments& a, const study::ConvertedNetwork& out) {
  fmt::print("{}: {} with quadratics, in {:.1f} minutes\n", a.run.out.string(), out.header.model, out.minutes);
  fmt::print("  images: {}\n", preprocessing_text(out.result.graph.preprocessing, out.result.graph.input_shape()));
  print_layers(out);
  fmt::print("  fitted only, agreement on validation pictures: {}\n", share_text(out.fitted));
  fmt::print("  by agreement with the original, {}\n", train::choice_text(out.result.choice, out.result.epochs));
  fmt::print("  agreement with the original on test pictures: {}\n", share_text(out.agreement));
  if (out.labelled) {
    fmt::print("  accuracy on test pictures, original:  {}\n", share_text(out.original_right));
    fmt::print("  accuracy on test pictures, converted: {}\n", share_text(out.converted_right));
  }
  for (const auto& outliers : out.result.outliers) {
    fmt::print("  {} of the test pictures go beyond {:.0f} deviations somewhere\n", outliers.images, outliers.limit);
  }
  print_cost(out.cost);
  fmt::print("  curve: {} and {}\n", beside(a.run.out, ".curve.json").string(),
             beside(a.run.out, ".curve.svg").string());
}

void run_convert(ConvertArguments& a) {
  const auto& out = a.run.out;
  check_outputs({{out, study::FileKind::onnx},
                 {beside(out, ".curve.json"), study::FileKind::curve},
                 {beside(out, ".curve.svg"), study::FileKind::svg},
                 {beside(out, ".checkpoint"), study::FileKind::checkpoint}},
                {a.conversion.network, a.run.dataset}, a.force);
  a.run.command = "obscura convert " + a.conversion.network.filename().string() + convert_options().echo(a);
  a.run.note = notes();
  a.run.progress = Notes([](const std::string& line) { fmt::print(stderr, "{}\n", line); });
  const auto converted = study::convert_network(a.conversion, a.run);
  if (a.json) return print_json(study::conversion_json(converted, a.run));
  print_conversion(a, converted);
}

}  // namespace

void add_convert_verb(CLI::App& verb) {
  const auto args = std::make_shared<ConvertArguments>();
  verb.add_option("network", args->conversion.network, "The network as it is, an ONNX file")->required();
  convert_options().add_to(verb, *args);
  verb.add_flag("--json", args->json, "Print the result as JSON");
  add_force(verb, args->force);
  verb.footer(
      "ReLU and its kin become quadratics behind batch norms, maximum pools averages; the rest is kept, and all is\n"
      "retrained against the original (docs/convert.md). An interrupted run continues where it was when started "
      "again.");
  verb.callback([args] { run_convert(*args); });
}

}  // namespace obscura::cli
