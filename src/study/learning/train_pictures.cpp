#include "study/learning/train_pictures.h"

#include <fmt/format.h>

#include <memory>
#include <optional>

#include "base/error.h"
#include "base/file.h"
#include "base/parallel.h"
#include "base/version.h"
#include "image/class_folders.h"
#include "image/dataset.h"
#include "shield/container.h"
#include "study/learning/adaptation_start.h"
#include "study/learning/training_data.h"
#include "study/shield_key_file.h"
#include "train/blas.h"
#include "train/curve.h"
#include "train/device.h"
#include "train/vision/trainer.h"

namespace fs = std::filesystem;

namespace obscura::study {
namespace {

/// Sides of photos in a folder for which no size is said, at most.
constexpr std::size_t kLargestDefault = 256;

/// Data and how it becomes pictures. Sets outlive what draws from them.
struct Material {
  std::unique_ptr<TrainingSets> images;  ///< nothing of stored pictures
  std::unique_ptr<train::Pictures> train, validation, test;
  std::vector<std::string> notes;
};

void check_key_options(const PictureTraining& a, const image::PictureForm& form) {
  if (a.stored) {
    if (!a.key.file.empty() || describes_key(a.key)) {
      throw UsageError("--protected pictures are trained on without a key: leave out --key and --shield");
    }
    if (a.per_image || a.resize != 0 || !(form == image::PictureForm{})) {
      throw UsageError(
          "--protected pictures are taken as they are: no --per-image, --resize, --size, --fit or --colour");
    }
  } else if (a.key.file.empty()) {
    if (describes_key(a.key)) {
      throw UsageError(
          "--shield, its parameters and a passphrase need the owner's key: --key FILE (--make-key makes it)");
    }
    if (a.per_image) throw UsageError("--per-image needs the owner's --key, from which a key an image is derived");
  }
}

void check_adaptation_options(const PictureTraining& a) {
  const auto adaptation = train::parse_adaptation(a.adaptation);
  if (adaptation == train::Adaptation::none && a.key.file.empty() && a.key.block != 0) {
    throw UsageError("--block is of a shield or for --adapt; patches of the network are --network-patch");
  }
  if (adaptation == train::Adaptation::none && (a.adaptation_rate != 1 || a.adaptation_padding != 0)) {
    throw UsageError("--adapt-lr and --adapt-padding are for a network with --adapt");
  }
  const bool sized = !a.key.file.empty() || a.key.block != 0 || a.adaptation_block != 0;
  if (adaptation != train::Adaptation::none && !sized) {
    throw UsageError("--adapt without the owner's key needs --block: the pixels a side of the shield's blocks");
  }
  const bool linear = adaptation == train::Adaptation::er_cnn && a.adaptation_padding == 0;
  if ((a.start == "match" || a.start == "blind") && !linear) {
    throw UsageError("--adapt-start " + a.start + " is for --adapt er-cnn without padding");
  }
  if (adaptation == train::Adaptation::none &&
      (a.adaptation_block != 0 || !a.adaptation_from.empty() || a.network_rate != 1)) {
    throw UsageError("--adapt-block, --adapt-from and --network-lr are for a network with --adapt");
  }
  if (!a.adaptation_from.empty() && a.start != "whiten") {
    throw UsageError("--adapt-from starts from the adaptation of a network: leave out --adapt-start");
  }
  if (a.network_rate == 0 && a.pretrained.empty()) {
    throw UsageError("--network-lr 0 keeps the network as it is: it needs --pretrained");
  }
  if ((a.start == "match" || a.start == "blind") && a.adaptation_block != 0) {
    throw UsageError("--adapt-start " + a.start + " finds the key of the shield's blocks: leave out --adapt-block");
  }
  if (!a.publics.empty() && a.start != "match") throw UsageError("--publics goes with --adapt-start match");
}

/// What makes no sense together is said before anything is read.
void check_options(const PictureTraining& a, const TrainingRun& run) {
  check_network_name(run.out);
  train::check_device(a.device);
  check_key_options(a, form_of(run.form));
  check_adaptation_options(a);
  if (a.rounds < 1) throw UsageError("rounds must be 1 to 1000");
  if (a.pretrained_partial && a.pretrained.empty()) throw UsageError("--pretrained-partial goes with --pretrained");
}

/// The owner's key.
struct OwnersKey {
  std::optional<shield::Key> key;
  bool made = false;  ///< now, and not written yet
};

/// Reads or makes it. A training that goes on after an interruption finds the one that it has made itself.
OwnersKey owners_key(const PictureTraining& a, const fs::path& data, std::size_t channels) {
  if (a.key.file.empty()) return {};
  KeyOptions options = a.key;
  std::error_code ec;
  if (options.make && fs::exists(options.file, ec)) {
    options.make = false;
    options.calibrate.clear();
  }
  return {take_key(options, data, [channels] { return channels; }), options.make};
}

/// neuracrypt makes patches already: one sample a patch and channel.
std::size_t patch_of(const PictureTraining& a, const std::optional<shield::Key>& key) {
  return a.patch == 0 && key && key->parameters.shield == "neuracrypt" ? 1 : a.patch;
}

train::VisionSpec spec_of(const PictureTraining& a, const train::Pictures& pictures,
                          const std::optional<shield::Key>& key) {
  train::VisionSpec spec;
  spec.network = a.network;
  spec.channels = pictures.shape().channels;
  spec.height = pictures.shape().height;
  spec.width = pictures.shape().width;
  spec.classes = pictures.classes().size();
  spec.patch = patch_of(a, key);
  spec.positions = !a.no_positions;
  spec.adaptation = train::parse_adaptation(a.adaptation);
  const std::size_t block = key ? key->parameters.block : a.key.block;
  spec.block = a.adaptation_block != 0 ? a.adaptation_block : block;
  spec.adaptation_padding = a.adaptation_padding;
  return spec;
}

/// `images`: what pictures were made of, if they are not stored ones; evaluate makes others alike.
std::map<std::string, std::string> notes_of(const PictureTraining& a, const TrainingRun& run,
                                            const std::optional<shield::Key>& key, const TrainingSets* images) {
  std::map<std::string, std::string> notes = {
      {"command", run.command}, {"dataset", run.dataset}, {"version", std::string(kVersion)}};
  if (images != nullptr) {
    notes["size"] = fmt::format("{}x{}", images->train.width, images->train.height);
    notes["colour"] = images->train.channels == 3 ? "rgb" : "grey";
    notes["fit"] = image::to_string(form_of(run.form).fit);
  }
  if (key) {
    notes["shield"] = key->parameters.shield;
    notes["block"] = std::to_string(key->parameters.block);
    notes["keys"] = a.per_image ? "per-image" : "one";
    notes["key"] = fmt::format("{:016x}", shield::fingerprint(key->seed));
  }
  return notes;
}

struct Prepared {
  Material material;
  OwnersKey owner;
  train::VisionTask task;
};

void read_stored(Material& m, const TrainingRun& run) {
  image::require_classes_to_train(run.dataset, shield::is_protected_name);
  m.train = train::stored_pictures(run.dataset, image::Split::train, run.limit);
  const auto has = [&run](image::Split split) { return image::folder_has_split(run.dataset, split); };
  if (has_validation(has(image::Split::validation), has(image::Split::test), run.dataset, m.notes)) {
    m.validation = train::stored_pictures(run.dataset, image::Split::validation);
  }
  m.test = train::stored_pictures(run.dataset, image::Split::test, run.test_limit);
}

Prepared prepare(const PictureTraining& a, const TrainingRun& run, const train::Recipe& recipe, ThreadPool& pool) {
  Prepared out;
  train::VisionTask& task = out.task;
  if (!a.pretrained.empty()) task.pretrained = weights::read_weights(a.pretrained);
  if (!a.adaptation_from.empty()) task.adaptation_from = train::read_vision(a.adaptation_from);
  Material& m = out.material;
  if (a.stored) {
    if (run.skip != 0) throw UsageError("--skip leaves pictures of a data set out, not of --protected ones");
    read_stored(m, run);
  } else {
    auto form = form_of(run.form);
    form.largest = kLargestDefault;
    m.images = std::make_unique<TrainingSets>(
        load_training_sets(run.dataset, run.data, form, {run.limit, run.test_limit, run.skip}));
    out.owner = owners_key(a, run.data, m.images->train.channels);
    const train::Protection protection{a.resize, false, out.owner.key, a.per_image};
    m.train = train::shielded_pictures(m.images->train, protection, &pool);
    m.test = train::shielded_pictures(m.images->test, protection, &pool);
    if (m.images->validation) m.validation = train::shielded_pictures(*m.images->validation, protection, &pool);
    m.notes = m.images->notes;
  }
  note_share(run.choice, m.validation != nullptr, m.notes);
  task.spec = spec_of(a, *m.train, out.owner.key);
  train::check_vision(task.spec);
  task.pretrained_partial = a.pretrained_partial;
  task.recipe = recipe;
  task.rounds = a.rounds;
  task.adaptation_rate = a.adaptation_rate;
  task.network_rate = a.network_rate;
  task.whiten = a.start == "whiten";
  task.whiten_patches = !a.no_patch_whitening;
  if (a.start == "blind") task.guesses = guess_blocks_blindly(*m.train, task.spec.block, run.seed, run.note);
  if (a.start == "match") {
    task.guesses = guess_blocks(*m.train, task.spec.block, a.publics, run.data, run.seed, run.note);
  }
  return out;
}

/// A new key is written first, as the checkpoints are of no use without it, and goes again where not even one epoch
/// was trained.
train::VisionResult train_with_key(const PictureTraining& a, const Prepared& prepared,
                                   const train::RunOptions& options) {
  if (prepared.owner.made) save_shield_key(a.key.file, *prepared.owner.key, a.key.sealing);
  try {
    const Material& m = prepared.material;
    return train::train_vision(prepared.task, *m.train, *m.test, options, m.validation.get());
  } catch (...) {
    std::error_code ec;
    if (prepared.owner.made && !fs::exists(options.checkpoint, ec)) fs::remove(a.key.file, ec);
    throw;
  }
}

}  // namespace

TrainedPictures train_on_pictures(const PictureTraining& a, const TrainingRun& run) {
  check_options(a, run);
  auto recipe = a.recipe.empty() ? train::vision_recipe(a.network) : train::published_recipe(a.recipe);
  if (a.stored) recipe.augmentation = {};
  recipe = wished_recipe(recipe, run.recipe, run.choice);
  ThreadPool pool(run.threads);
  const Prepared prepared = prepare(a, run, recipe, pool);
  const auto& key = prepared.owner.key;
  auto options = run_options(run, recipe.epochs * a.rounds);
  options.device = a.device;
  train::set_math_threads(run.threads);
  const double gflops = train::measure_gemm_gflops();
  say_notes(run, prepared.material.notes);
  auto result = train_with_key(a, prepared, options);
  result.network.notes = notes_of(a, run, key, prepared.material.images.get());
  TrainedPictures trained;
  train::TrainResult& curve = trained.curve;
  curve.epochs = result.epochs;
  curve.choice = result.choice;
  curve.test = result.test;
  curve.skipped_steps = result.skipped_steps;
  trained.header = {a.network, run.dataset, run.command, train::describe(recipe),
                    run.seed,  run.threads, gflops,      a.device};
  trained.header.classes = result.network.classes;
  trained.header.notes = prepared.material.notes;
  train::write_vision(result.network, run.out);
  write_file(beside(run.out, ".curve.json"), train::curve_json(trained.header, curve));
  write_file(beside(run.out, ".curve.svg"), train::curve_svg(trained.header, curve));
  fs::remove(options.checkpoint);
  if (key) {
    trained.shield = key->parameters.shield;
    trained.promise = shield::make_shield(*key)->promise();
  }
  return trained;
}

}  // namespace obscura::study
