#include "study/learning/convert_pictures.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "base/error.h"
#include "base/progress.h"
#include "study/images/labelled_images.h"
#include "study/images/picture_folder.h"
#include "study/learning/training_data.h"
#include "train/augmentation.h"
#include "train/held_back.h"

namespace fs = std::filesystem;

namespace obscura::study {
namespace {

constexpr double kTestShare = 0.1;
constexpr std::size_t kFewest = 20;  // pictures without labels: two to test, two to validate

image::PictureForm form_of_input(const nn::Graph& network, const TrainingRun& run) {
  const Shape& input = network.input_shape();
  image::PictureForm form;
  form.width = input.width;
  form.height = input.height;
  form.channels = input.channels;
  form.fit = image::parse_fit(run.form.fit);
  return form;
}

/// A network's digits and a data set's photos are no pair that anybody wants: folders are made to fit, named sets not.
void check_shape(const image::Dataset& set, const nn::Graph& network) {
  const Shape& input = network.input_shape();
  const Shape pictures{set.channels, set.height, set.width};
  if (pictures == input) return;
  throw MismatchError(
      fmt::format("the network {} takes pictures of {}x{}x{} (channels, height, width), and those of {} are {}x{}x{}: "
                  "name the data "
                  "set that it was trained on",
                  network.name, input.channels, input.height, input.width, set.name, pictures.channels, pictures.height,
                  pictures.width));
}

std::vector<std::string> class_names(const nn::Graph& network) {
  if (!network.preprocessing.classes.empty()) return network.preprocessing.classes;
  std::vector<std::string> names;
  for (std::size_t c = 0; c < network.output_shape().size(); ++c) names.push_back(std::to_string(c));
  return names;
}

image::Dataset part_of(const image::Dataset& set, const std::vector<std::int64_t>& index) {
  image::Dataset part = set;
  part.images.clear();
  part.labels.clear();
  part.images.reserve(index.size() * set.image_size());
  for (const std::int64_t i : index) {
    const auto pixels = set.pixels(static_cast<std::size_t>(i));
    part.images.insert(part.images.end(), pixels.begin(), pixels.end());
    part.labels.push_back(set.labels[static_cast<std::size_t>(i)]);
  }
  part.count = part.available = index.size();
  return part;
}

image::Dataset read_pictures(const nn::Graph& network, const TrainingRun& run) {
  const auto form = form_of_input(network, run);
  const auto found = list_pictures(run.dataset, has_image_ending);
  image::Dataset set;
  set.name = fs::path(run.dataset).lexically_normal().string();
  set.classes = class_names(network);
  set.channels = form.channels, set.height = form.height, set.width = form.width;
  set.count = run.limit > 0 ? std::min(run.limit, found.files.size()) : found.files.size();
  std::size_t fitted = 0;
  Progress progress("reading pictures", set.count, "images", !run.quiet);
  for (std::size_t i = 0; i < set.count; ++i) {
    const auto made =
        image::conform(image::read_image(found.files[i].file), form.channels, form.height, form.width, form.fit);
    fitted += made.notes.empty() ? 0 : 1;
    const auto planar = image::to_planar(made.image);
    set.images.insert(set.images.end(), planar.begin(), planar.end());
    progress.advance(1);
  }
  set.labels.assign(set.count, 0);
  set.available = found.files.size();
  if (fitted > 0) {
    set.notes.push_back(fmt::format("{} of {} pictures were made {}x{}, {} ({})", fitted, set.count, form.width,
                                    form.height, form.channels == 3 ? "rgb" : "grey", run.form.fit));
  }
  return set;
}

ConversionSets deal_out(const nn::Graph& network, const TrainingRun& run) {
  const image::Dataset all = read_pictures(network, run);
  if (all.count < kFewest) {
    throw MismatchError(fmt::format("{} has {} pictures, and a conversion without labels needs {} or more", all.name,
                                    all.count, kFewest));
  }
  const double share = run.choice.validation_share.value_or(0.1);
  const auto order = train::shuffled(all.count, run.seed, 0);
  const auto count = [&](double part) {
    return static_cast<std::ptrdiff_t>(std::max<long long>(2, std::llround(part * static_cast<double>(all.count))));
  };
  const auto to_test = order.begin() + count(kTestShare), to_validate = to_test + count(share);
  ConversionSets sets{part_of(all, {to_validate, order.end()}),
                      part_of(all, {to_test, to_validate}),
                      part_of(all, {order.begin(), to_test}),
                      false,
                      false,
                      all.notes};
  sets.notes.push_back(
      fmt::format("no labels: of {} pictures {} are learnt from, {} validate and {} test, each against "
                  "the original's answers",
                  all.count, sets.learn.count, sets.validation.count, sets.test.count));
  return sets;
}

/// The three sets as training has them, with the network's classes.
ConversionSets load_labelled(const nn::Graph& network, const TrainingRun& run, bool no_labels) {
  const bool folder = is_picture_folder(run.dataset);
  const auto form = folder ? form_of_input(network, run) : image::PictureForm{};
  auto loaded = load_training_sets(run.dataset, run.data, form, {run.limit, run.test_limit, run.skip});
  check_shape(loaded.train, network);
  Notes note([&](const std::string& line) { add_new(loaded.notes, {line}); });
  const auto& classes = network.preprocessing.classes;
  const std::size_t outputs = network.output_shape().size();
  take_classes(loaded.train, classes, outputs, note);
  take_classes(loaded.test, classes, outputs, note);
  ConversionSets sets;
  if (loaded.validation) {
    take_classes(*loaded.validation, classes, outputs, note);
    sets.validation = std::move(*loaded.validation);
    sets.learn = std::move(loaded.train);
    sets.own_validation = true;
  } else {
    const auto parts = train::hold_back(loaded.train.labels, loaded.train.classes,
                                        run.choice.validation_share.value_or(0.1), run.seed);
    sets.learn = part_of(loaded.train, parts.learn);
    sets.validation = part_of(loaded.train, parts.validate);
    add_new(loaded.notes, parts.notes);
  }
  sets.test = std::move(loaded.test);
  sets.labelled = !no_labels;
  if (sets.validation.count == 0)
    throw MismatchError("no picture of " + sets.learn.name + " can be held back to validate");
  sets.notes = std::move(loaded.notes);
  return sets;
}

bool has_folders(const fs::path& folder) {
  std::error_code ec;
  for (const auto& entry : fs::directory_iterator(folder, ec)) {
    if (entry.is_directory(ec) && !entry.path().filename().string().starts_with('.')) return true;
  }
  return false;
}

}  // namespace

ConversionSets load_conversion_sets(const nn::Graph& network, const TrainingRun& run, bool no_labels) {
  if (run.choice.validation_share.value_or(0.1) <= 0) {
    throw UsageError("a conversion chooses its epoch by validation pictures: --validation-share must be above 0");
  }
  const bool folder = is_picture_folder(run.dataset);
  if (folder && (no_labels || !has_folders(run.dataset))) return deal_out(network, run);
  return load_labelled(network, run, no_labels);
}

}  // namespace obscura::study
