#include "study/learning/train_network.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "base/error.h"
#include "base/file.h"
#include "compile/approximate.h"
#include "compile/compile.h"
#include "image/dataset.h"
#include "nn/onnx_read.h"
#include "nn/onnx_write.h"
#include "study/images/query_images.h"
#include "study/learning/training_data.h"
#include "study/preprocessing.h"
#include "train/blas.h"
#include "train/encrypted/zoo.h"

namespace obscura::study {
namespace {

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

/// Photos come in the model's usual size, unless another is said; their colours are their own.
image::PictureForm form_for(const NetworkTraining& training, const TrainingRun& run) {
  auto form = form_of(run.form);
  const Shape usual = train::usual_images(training.model);
  const bool made = is_picture_folder(run.dataset) || train::resizes(training.model);
  if (!form.has_size() && made) form.height = usual.height, form.width = usual.width;
  return form;
}

/// What is another than usual.
void note_shape(const NetworkTraining& training, const TrainingRun& run, const Shape& input,
                std::vector<std::string>& notes) {
  const Shape usual = train::usual_images(training.model);
  const bool by_default = run.form.size.empty() && is_picture_folder(run.dataset);
  if (input == usual && !by_default) return;
  notes.push_back(fmt::format("{} is built for pictures of {}x{}, {}{}", training.model, input.width, input.height,
                              input.channels == 3 ? "rgb" : "grey",
                              by_default ? ", its usual size: --size takes another" : ""));
  if (!(input == usual)) {
    notes.back() +=
        fmt::format(" (published for {}x{}, {})", usual.width, usual.height, usual.channels == 3 ? "rgb" : "grey");
  }
}

void write_all(const TrainedNetwork& trained, const TrainingRun& run, const image::Dataset& train_set) {
  nn::write_onnx(with_ranges(trained.result.graph, train_set), run.out,
                 {{"command", run.command}, {"dataset", run.dataset}, {"fit", run.form.fit}});
  write_file(beside(run.out, ".curve.json"), train::curve_json(trained.header, trained.result));
  write_file(beside(run.out, ".curve.svg"), train::curve_svg(trained.header, trained.result));
}

void choose_histogram(const std::string& histogram, nn::Graph& graph) {
  if (histogram.empty()) return;
  if (histogram != "equalise" && histogram != "none") {
    throw UsageError("--histogram is '" + histogram.substr(0, 40) + "', expected equalise or none");
  }
  graph.preprocessing.equalise = histogram == "equalise";
  check_preprocessing(graph.preprocessing, graph.input_shape());
}

}  // namespace

TrainedNetwork train_network(const NetworkTraining& training, const TrainingRun& run) {
  // What was mistyped is said before gigabytes are read.
  wished_recipe(train::model_recipe(training.model, run.dataset), run.recipe, run.choice);
  auto sets = load_training_sets(run.dataset, run.data, form_for(training, run), {run.limit, 0, run.skip});
  const Shape input{sets.train.channels, sets.train.height, sets.train.width};
  const ChunkSize chunk = training.chunk.empty() ? ChunkSize{} : parse_chunk_size(training.chunk, "--chunk");
  auto model = train::make_model(training.model, input, sets.train.classes.size(), sets.train.name, chunk);
  choose_histogram(training.histogram, model.graph);
  if (model.graph.chunks) sets.notes.push_back("pictures are cut into " + chunking_text(*model.graph.chunks));
  if (model.graph.preprocessing.equalise) sets.notes.emplace_back("histograms are equalised before anything else");
  note_shape(training, run, input, sets.notes);
  note_share(run.choice, sets.validation.has_value(), sets.notes);
  const auto recipe = wished_recipe(model.recipe, run.recipe, run.choice);
  train::set_math_threads(run.threads);
  const double gflops = train::measure_gemm_gflops();
  warn_of_slow_blas(run, gflops);
  auto options = run_options(run, recipe.epochs);
  if (!training.teacher.empty()) {
    options.teacher = std::make_shared<const nn::Graph>(nn::read_onnx(training.teacher));
    note_unstated_pixels(options.teacher->preprocessing, training.teacher.string(), run.note);
  }
  say_notes(run, sets.notes);
  TrainedNetwork trained;
  trained.result =
      train::train(model.graph, recipe, sets.train, sets.test, options, sets.validation ? &*sets.validation : nullptr);
  trained.header = {training.model, run.dataset, run.command, train::describe(recipe), run.seed, run.threads, gflops};
  trained.header.classes = sets.train.classes;
  trained.header.notes = sets.notes;
  write_all(trained, run, sets.train);
  std::filesystem::remove(options.checkpoint);
  return trained;
}

}  // namespace obscura::study
