#include "train/vision/task.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.h"
#include "train/checkpoint.h"
#include "train/device.h"
#include "train/held_back.h"

namespace obscura::train {
namespace {

void check_pictures(const VisionSpec& spec, const Pictures& pictures) {
  const auto classes = static_cast<std::int64_t>(spec.classes);
  if (pictures.classes().size() != spec.classes) {
    throw MismatchError(fmt::format("data set {} has {} classes, the network {} outputs", pictures.name(),
                                    pictures.classes().size(), spec.classes));
  }
  const bool known = std::ranges::all_of(pictures.labels(), [&](std::int64_t l) { return l >= 0 && l < classes; });
  if (!known) throw MismatchError("data set " + pictures.name() + " has labels that the network has no output for");
  const PictureShape& shape = pictures.shape();
  if (shape != PictureShape{spec.channels, spec.height, spec.width}) {
    throw MismatchError(fmt::format(
        "data set {} has pictures of {}x{}x{} (channels, height, width), the network takes {}x{}x{}", pictures.name(),
        shape.channels, shape.height, shape.width, spec.channels, spec.height, spec.width));
  }
}

/// The first samples and all labels.
std::uint64_t hash_of(const Pictures& pictures, std::uint64_t hash) {
  const std::size_t some = std::min<std::size_t>(pictures.count(), 64);
  std::vector<std::int64_t> index(some);
  std::iota(index.begin(), index.end(), 0);
  std::vector<float> values(some * pictures.shape().size());
  pictures.read(index, values);
  hash = fnv1a(values.data(), values.size() * sizeof(float), hash);
  return fnv1a(pictures.labels().data(), pictures.count() * sizeof(std::int64_t), hash);
}

/// The adaptation that training starts from fits the one that is trained.
void check_earlier(const VisionTask& task) {
  if (!task.adaptation_from) return;
  const VisionSpec &from = task.adaptation_from->spec, &to = task.spec;
  if (!task.guesses.empty())
    throw UsageError("an adaptation starts from a guess at the key or from a network, not both");
  if (from.adaptation == Adaptation::none) throw MismatchError("the network to start from has no adaptation");
  const bool same = from.adaptation == to.adaptation && from.block == to.block && from.channels == to.channels &&
                    from.adaptation_padding == to.adaptation_padding;
  if (!same) {
    throw MismatchError(fmt::format(
        "the network to start from has the adaptation {} for {} channels, blocks of {}x{} and padding {}, not {} for "
        "{} channels, {}x{} and padding {}",
        to_string(from.adaptation), from.channels, from.block, from.block, from.adaptation_padding,
        to_string(to.adaptation), to.channels, to.block, to.block, to.adaptation_padding));
  }
  // madono's has a part for every place.
  if (to.adaptation == Adaptation::madono && (from.height != to.height || from.width != to.width)) {
    throw MismatchError(fmt::format("the network to start from takes pictures of {}x{}, these are {}x{}", from.height,
                                    from.width, to.height, to.width));
  }
}

}  // namespace

void check_task(const VisionTask& task, const PictureSets& sets) {
  check_recipe(task.recipe);
  check_vision(task.spec);
  check_pictures(task.spec, sets.train);
  check_same_classes(sets.train.classes(), sets.test.classes(), "test", sets.test.name());
  check_pictures(task.spec, sets.test);
  if (sets.validation != nullptr) {
    check_same_classes(sets.train.classes(), sets.validation->classes(), "validation", sets.validation->name());
    check_pictures(task.spec, *sets.validation);
  }
  if (task.rounds > 1 && task.recipe.patience > 0) {
    throw UsageError("training ends early (patience) with one round only: each of several has all of its epochs");
  }
  if (task.recipe.optimiser == Optimiser::muon) {
    throw UsageError("networks for pictures are trained with adam, adamw, rmsprop or sgd, not with muon");
  }
  const bool linear = task.spec.adaptation == Adaptation::er_cnn && task.spec.adaptation_padding == 0;
  if (!task.guesses.empty() && !linear) {
    throw UsageError("only the adaptation er-cnn without padding can start from a guess at the key");
  }
  check_earlier(task);
  if (task.rounds < 1 || task.rounds > 1000) throw UsageError("rounds must be 1 to 1000");
  if (!std::isfinite(task.adaptation_rate) || task.adaptation_rate < 0) {
    throw UsageError("the adaptation's learning rate must not be negative");
  }
  if (!std::isfinite(task.network_rate) || task.network_rate < 0) {
    throw UsageError("the network's learning rate behind the adaptation must not be negative");
  }
  if (task.network_rate != 1 && task.spec.adaptation == Adaptation::none) {
    throw UsageError("a learning rate of the network behind an adaptation, of a network without one");
  }
  if (task.network_rate == 0 && !task.pretrained) {
    throw UsageError("a network that does not learn (rate 0) needs pretrained weights");
  }
}

std::string fingerprint(const VisionTask& task, const PictureSets& sets, const Choosing& choosing,
                        const RunOptions& options) {
  std::uint64_t hash = hash_of(sets.train, fnv1a(nullptr, 0));
  if (sets.validation != nullptr) hash = hash_of(*sets.validation, hash);
  hash = fnv1a(choosing.learn().data(), choosing.learn().size() * sizeof(std::int64_t), hash);
  if (task.pretrained) {
    for (const auto& [name, tensor] : task.pretrained->tensors) {
      hash = fnv1a(tensor.values.data(), tensor.values.size() * sizeof(float), hash);
    }
  }
  if (task.adaptation_from) {
    for (const auto& [name, tensor] : task.adaptation_from->tensors) {
      hash = fnv1a(tensor.values.data(), tensor.values.size() * sizeof(float), hash);
    }
  }
  for (const BlockGuess& guess : task.guesses) {
    hash = fnv1a(guess.inverse.data(), guess.inverse.size() * sizeof(double), hash);
  }
  const VisionSpec& s = task.spec;
  return fmt::format("{} patch {} {} {} block {} padding {}; {} rounds {} adaptation {} whiten {} {} seed {}; {:016x}",
                     s.network, s.patch, s.positions, to_string(s.adaptation), s.block, s.adaptation_padding,
                     describe(task.recipe), task.rounds, task.adaptation_rate, task.whiten, task.whiten_patches,
                     options.seed, hash) +
         (task.network_rate == 1 ? "" : fmt::format(" network {}", task.network_rate)) +
         (options.device == kProcessor ? "" : " " + options.device);
}

UpdateGroups groups_of(VisionModule& module, const VisionTask& task) {
  UpdateGroup weights, rest, adaptation;
  rest.decayed = false;
  adaptation.decayed = false;
  adaptation.rate = task.adaptation_rate;
  weights.rate = rest.rate = task.network_rate;
  for (auto& item : module.named_parameters()) {
    const bool flat = item.value().dim() < 2 || item.key().find("pos_embedding") != std::string::npos ||
                      item.key().find("class_token") != std::string::npos;
    const bool adapts = item.key().starts_with("adaptation.");
    if (!adapts && task.network_rate == 0) item.value().set_requires_grad(false);
    UpdateGroup& group = adapts ? adaptation : flat ? rest : weights;
    group.parameters.push_back(item.value());
  }
  UpdateGroups out;
  for (UpdateGroup* group : {&weights, &rest, &adaptation}) {
    const bool still = group != &adaptation && task.network_rate == 0;
    if (!group->parameters.empty() && !still) out.stepped.push_back(*group);
  }
  return out;
}

bool whitens_patches(const VisionTask& task) {
  return task.whiten_patches && task.spec.network.starts_with("vit") && task.spec.adaptation == Adaptation::none &&
         !task.pretrained;
}

}  // namespace obscura::train
