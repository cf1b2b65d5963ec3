#include "study/learning/convert_network.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "base/parallel.h"
#include "base/stopwatch.h"
#include "compile/compile.h"
#include "compile/depth.h"
#include "nn/classifier.h"
#include "nn/onnx_read.h"
#include "nn/onnx_write.h"
#include "nn/two_classes.h"
#include "study/compile_network.h"
#include "study/evaluate/simulated_run.h"
#include "study/images/query_images.h"
#include "study/learning/convert_pictures.h"
#include "study/learning/training_data.h"
#include "tensor/decision.h"
#include "train/blas.h"
#include "train/convert/answers.h"
#include "train/convert/surgery.h"
#include "train/encrypted/trainer.h"

namespace obscura::study {
namespace {

constexpr std::size_t kRangeImages = 64;

/// Fine-tuning: steps that keep what the original has learnt, norms that stand still for the second half, so that
/// training sees the outliers that an encrypted run will see, and a penalty on what is large.
train::Recipe conversion_recipe() {
  train::Recipe recipe;
  recipe.epochs = 20;
  recipe.batch = 128;
  recipe.learning_rate = 0.001;
  recipe.optimiser = train::Optimiser::adamw;
  recipe.schedule = train::Schedule::one_cycle;
  recipe.weight_decay = 1e-4;
  recipe.clip_norm = 1;
  recipe.normalised_squares = true;
  recipe.range_weight = 50;
  recipe.range_limit = 5;
  recipe.range_bound = 12;
  recipe.freeze_norms = 0.5;
  recipe.teacher_share = 1;  // labels would pull a poor original away from what it answers
  recipe.teacher_temperature = 4;
  recipe.class_weights = train::ClassWeights::none;  // as the original answers
  return recipe;
}

void check_shares(const NetworkConversion& a) {
  const auto check = [](const std::optional<double>& value, const char* name) {
    if (value && !(*value >= 0 && *value <= 1)) throw UsageError(fmt::format("{} must be 0 to 1", name));
  };
  check(a.agreement, "--agreement");
  check(a.gradual, "--gradual");
}

nn::Graph read_given(const NetworkConversion& a) {
  nn::Graph graph =
      nn::read_onnx(a.network, a.input.empty() ? Shape{0, 1, 1} : nn::parse_shape(a.input), stated_entries(a.stated));
  nn::check_classifier(graph);
  if (is_multi_label(graph.output_shape().size(), graph.head)) {
    throw UnsupportedError(fmt::format(
        "the network {} ends in a sigmoid over {} outputs, so its classes do not exclude each other, and a conversion "
        "learns which one is right: export it without the sigmoid if one always is",
        graph.name, graph.output_shape().size()));
  }
  return graph;
}

/// What training, which knows classes, takes: a yes or no is one of two.
nn::Graph in_classes(const nn::Graph& graph) {
  return graph.output_shape().size() == 1 ? nn::as_two_classes(graph) : graph;
}

Share agreeing(const std::vector<std::int64_t>& a, const std::vector<std::int64_t>& b) {
  Share share{0, std::min(a.size(), b.size())};
  for (std::size_t i = 0; i < share.whole; ++i) share.part += a[i] == b[i] ? 1 : 0;
  return share;
}

/// Of a network that does not compile nothing is measured, and it is not lost for that: cost_of says why.
nn::Graph with_ranges(nn::Graph graph, const image::Dataset& pictures) {
  std::vector<std::vector<double>> samples;
  for (std::size_t i = 0; i < std::min(kRangeImages, pictures.count); ++i) {
    const auto values = network_values(pictures, i, graph);
    samples.emplace_back(values.begin(), values.end());
  }
  try {
    graph.calibration = compile::calibration_numbers(graph, samples);
  } catch (const UnsupportedError&) {
    graph.calibration.clear();
  }
  return graph;
}

/// What does not compile is said and no error: the network was trained for hours.
ConversionCost cost_of(const nn::Graph& graph, const image::Dataset& test, const std::vector<std::int64_t>& original,
                       std::size_t simulate, bool progress) {
  ConversionCost cost;
  try {
    const auto program = compile_network(graph, message::Mode::packed);
    cost.log_degree = program.client.parameters.log_degree;
    cost.primes = program.schedule.limbs();
    cost.seconds = program.microseconds / 1e6;
    cost.cheaper = compile::cheaper_text(program);
  } catch (const Error& e) {
    cost.problem = e.what();
    return cost;
  }
  std::vector<std::vector<float>> images;
  for (std::size_t i = 0; i < std::min(simulate, test.count); ++i) images.push_back(network_values(test, i, graph));
  cost.simulated = images.size();
  if (images.empty()) return cost;
  ThreadPool pool;
  const auto run = run_simulated(graph, compile::CompileOptions{}, images, pool, progress);
  cost.lost = run.overflows.size();
  cost.simulated_agreement.whole = images.size();
  for (std::size_t i = 0; i < images.size(); ++i) {
    const auto answer = static_cast<std::int64_t>(predicted_class(run.logits[i]));
    cost.simulated_agreement.part += answer == original[i] ? 1 : 0;
  }
  return cost;
}

void say_replaced(const train::Surgery& surgery, const std::vector<train::FittedLayer>& layers, const Share& fitted,
                  const TrainingRun& run) {
  if (run.quiet) return;
  run.progress(fmt::format("{} activations became quadratics behind batch norms, {} maximum pools averages",
                           surgery.activations(), surgery.pools()));
  for (const auto& layer : layers) {
    run.progress(fmt::format("  {} ({}): inputs {:.3g} to {:.3g}, rms {:.3g}; fitted: {:.1f} % of the variance",
                             layer.layer, layer.was, layer.least, layer.largest, layer.rms, 100 * layer.explained));
  }
  const auto interval = fitted.interval();
  run.progress(
      fmt::format("fitted only: {:.2f} % of {} validation pictures get the original's class ({:.2f} to {:.2f})",
                  100 * fitted.value(), fitted.whole, 100 * interval.low, 100 * interval.high));
}

/// Everything of one conversion that its steps share.
struct Work {
  const NetworkConversion& conversion;
  const TrainingRun& run;
  nn::Graph given;
  nn::Graph graph = in_classes(given);
  train::Surgery surgery = {};
  ConversionSets sets = {};
  std::vector<std::int64_t> true_labels = {};  // of the test
};

/// Validation is by the original's answers, and without labels all is. Of the test pictures nothing decides.
void take_answers(Work& work) {
  const bool progress = !work.run.quiet;
  const auto ask = [&](image::Dataset& set) {
    set.labels = train::answers_of(work.surgery.original, set, work.run.threads, progress);
  };
  ask(work.sets.validation);
  work.true_labels = work.sets.test.labels;
  if (work.sets.labelled) return;
  ask(work.sets.learn);
  ask(work.sets.test);  // so that what the training counts at its end is agreement
}

void measure_test(Work& work, ConvertedNetwork& out) {
  const bool progress = !work.run.quiet;
  const auto original = train::answers_of(work.surgery.original, work.sets.test, work.run.threads, progress);
  const auto converted = train::answers_of(in_classes(out.result.graph), work.sets.test, work.run.threads, progress);
  out.agreement = agreeing(original, converted);
  if (out.labelled) {
    out.original_right = agreeing(original, work.true_labels);
    out.converted_right = agreeing(converted, work.true_labels);
  }
  out.cost = cost_of(out.result.graph, work.sets.test, original,
                     work.conversion.simulate.value_or(work.sets.test.count), progress);
}

void write_converted(const ConvertedNetwork& out, const TrainingRun& run) {
  nn::write_onnx(out.result.graph, run.out,
                 {{"command", run.command}, {"dataset", run.dataset}, {"fit", run.form.fit}});
  write_file(beside(run.out, ".curve.json"), conversion_json(out, run).dump(2) + "\n");
  write_file(beside(run.out, ".curve.svg"), train::curve_svg(out.header, out.result));
}

}  // namespace

ConvertedNetwork convert_network(const NetworkConversion& conversion, const TrainingRun& run) {
  const Stopwatch watch;
  check_shares(conversion);
  wished_recipe(conversion_recipe(), run.recipe, run.choice);
  Work work{conversion, run, read_given(conversion)};
  work.surgery = train::replace_activations(work.graph);
  compile::check_depth(work.surgery.converted);  // before it is trained for hours
  work.sets = load_conversion_sets(work.graph, run, conversion.no_labels);
  add_new(work.sets.notes, work.graph.notes);
  if (auto doubt = compile::depth_doubt(work.surgery.converted); !doubt.empty()) {
    add_new(work.sets.notes, {std::move(doubt)});
  }
  ConvertedNetwork out;
  out.labelled = work.sets.labelled;
  const auto recipe = wished_recipe(conversion_recipe(), run.recipe, run.choice);
  if (!out.labelled && recipe.teacher_share != 1) {
    throw UsageError("--distill-share leaves the rest to labels, and there are none: leave it out");
  }
  say_notes(run, work.sets.notes);
  note_unstated_pixels(work.given.preprocessing, conversion.network.string(), run.note,
                       "--mean M --std S --input-range 0..1 state it");
  train::set_math_threads(run.threads);
  const double gflops = train::measure_gemm_gflops();
  warn_of_slow_blas(run, gflops);
  take_answers(work);

  auto sample = work.sets.learn;
  sample.count = std::min<std::size_t>(sample.count, train::Conversion::kFitImages);
  const auto fitted = train::fitted_network(work.surgery, sample, run.threads);
  out.layers = fitted.layers;
  out.fitted =
      agreeing(train::answers_of(fitted.graph, work.sets.validation, run.threads, false), work.sets.validation.labels);
  say_replaced(work.surgery, out.layers, out.fitted, run);

  auto options = run_options(run, recipe.epochs);
  options.teacher = std::make_shared<const nn::Graph>(work.surgery.original);
  auto start = std::make_shared<train::Conversion>();
  start->surgery = work.surgery;
  start->gradual = conversion.gradual.value_or(0.25);
  start->agreement = conversion.agreement.value_or(0);
  options.conversion = start;
  out.result =
      train::train(work.surgery.converted, recipe, work.sets.learn, work.sets.test, options, &work.sets.validation);
  out.header = {work.graph.name, run.dataset, run.command, train::describe(recipe), run.seed, run.threads, gflops};
  out.header.classes = work.sets.learn.classes;
  out.header.notes = work.sets.notes;
  out.header.validation = "validation: as the original";
  if (conversion.no_labels) out.header.share = "of the test images answered as the original does";
  out.header.notes.push_back("accuracy on validation pictures is agreement with the original network");
  if (work.given.output_shape().size() == 1) out.result.graph = nn::as_one_output(out.result.graph, work.given);
  out.result.graph = with_ranges(std::move(out.result.graph), work.sets.learn);
  measure_test(work, out);
  out.minutes = watch.seconds() / 60;
  write_converted(out, run);
  std::filesystem::remove(options.checkpoint);
  return out;
}

}  // namespace obscura::study
