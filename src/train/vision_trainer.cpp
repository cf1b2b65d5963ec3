#include "train/vision_trainer.h"

#include <fmt/format.h>
#include <torch/torch.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>

#include "base/error.h"
#include "base/progress.h"
#include "train/archive.h"
#include "train/augmentation.h"
#include "train/blas.h"
#include "train/checkpoint.h"
#include "train/device.h"
#include "train/device_torch.h"
#include "train/drawn_batches.h"
#include "train/load_weights.h"
#include "train/patch_whitening.h"
#include "train/updater.h"
#include "train/vision_input.h"
#include "train/vision_start.h"

namespace obscura::train {
namespace {

/// Steps in a row whose gradients are not finite, after which nothing will mend the network.
constexpr std::size_t kPatience = 10;
constexpr std::size_t kTestBatch = 250;
/// Test pictures are kept in memory, as protecting them anew after every epoch takes time.
constexpr std::size_t kMostKept = std::size_t{1} << 29;

void check_pictures(const VisionSpec& spec, const Pictures& pictures) {
  const auto classes = static_cast<std::int64_t>(spec.classes);
  const bool known = std::ranges::all_of(pictures.labels(), [&](std::int64_t l) { return l >= 0 && l < classes; });
  if (!known) throw MismatchError("data set " + pictures.name() + " has labels that the network has no output for");
  const PictureShape& shape = pictures.shape();
  if (shape != PictureShape{spec.channels, spec.height, spec.width}) {
    throw MismatchError(fmt::format(
        "data set {} has pictures of {}x{}x{} (channels, height, width), the network takes {}x{}x{}", pictures.name(),
        shape.channels, shape.height, shape.width, spec.channels, spec.height, spec.width));
  }
}

void check_task(const VisionTask& task, const Pictures& train_set, const Pictures& test_set) {
  check_recipe(task.recipe);
  check_vision(task.spec);
  check_pictures(task.spec, train_set);
  check_pictures(task.spec, test_set);
  if (train_set.classes() != test_set.classes()) {
    throw MismatchError("the test pictures of " + test_set.name() + " are of other classes than the training pictures");
  }
  if (task.recipe.optimiser == Optimiser::muon) {
    throw UsageError("networks for pictures are trained with adam, adamw, rmsprop or sgd, not with muon");
  }
  const bool linear = task.spec.adaptation == Adaptation::er_cnn && task.spec.adaptation_padding == 0;
  if (!task.guesses.empty() && !linear) {
    throw UsageError("only the adaptation er-cnn without padding can start from a guess at the key");
  }
  if (task.rounds < 1 || task.rounds > 1000) throw UsageError("rounds must be 1 to 1000");
  if (!std::isfinite(task.adaptation_rate) || task.adaptation_rate < 0) {
    throw UsageError("the adaptation's learning rate must not be negative");
  }
}

/// What decides the result, beside the recipe and the seed.
std::string fingerprint(const VisionTask& task, const Pictures& train_set, const RunOptions& options) {
  const std::size_t some = std::min<std::size_t>(train_set.count(), 64);
  std::vector<std::int64_t> index(some);
  std::iota(index.begin(), index.end(), 0);
  std::vector<float> values(some * train_set.shape().size());
  train_set.read(index, values);
  std::uint64_t hash = fnv1a(values.data(), values.size() * sizeof(float));
  hash = fnv1a(train_set.labels().data(), train_set.count() * sizeof(std::int64_t), hash);
  if (task.pretrained) {
    for (const auto& [name, tensor] : task.pretrained->tensors) {
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
         (options.device == kProcessor ? "" : " " + options.device);
}

/// Norms, biases, tokens and positions are not pulled towards zero.
UpdateGroups groups_of(VisionModule& module, const VisionTask& task) {
  UpdateGroup weights, rest, adaptation;
  rest.decayed = false;
  adaptation.decayed = false;
  adaptation.rate = task.adaptation_rate;
  for (auto& item : module.named_parameters()) {
    const bool flat = item.value().dim() < 2 || item.key().find("pos_embedding") != std::string::npos ||
                      item.key().find("class_token") != std::string::npos;
    UpdateGroup& group = item.key().starts_with("adaptation.") ? adaptation : flat ? rest : weights;
    group.parameters.push_back(item.value());
  }
  UpdateGroups out;
  for (UpdateGroup* group : {&weights, &rest, &adaptation}) {
    if (!group->parameters.empty()) out.stepped.push_back(*group);
  }
  return out;
}

/// Pretrained weights read pictures as they are.
bool whitens_patches(const VisionTask& task) {
  return task.whiten_patches && task.spec.network.starts_with("vit") && task.spec.adaptation == Adaptation::none &&
         !task.pretrained;
}

class VisionRun {
 public:
  VisionRun(const VisionTask& task, const Pictures& train_set, const Pictures& test_set, const RunOptions& options)
      : task_(task), train_(train_set), test_(test_set), options_(options), device_(device_of(options.device)) {
    measure_input(train_, mean_, std_);
    input_ = std::make_unique<InputForm>(train_.shape(), mean_, std_, device_);
    fingerprint_ = fingerprint(task, train_set, options);
    make_network(1);
    if (!loaded_.empty()) note(loaded_);
    if (whitens_patches(task)) {
      const std::int64_t patch = module_->named_parameters()["conv_proj.weight"].size(2);
      whitening_ = std::make_unique<PatchWhitening>(first_pictures(), patch, task.spec.positions);
    }
    if (!task.guesses.empty()) {
      start_adaptation(*adaptation_of(*module_), task.guesses, mean_, std_);
    } else if (task.spec.adaptation == Adaptation::er_cnn && task.whiten && task.spec.adaptation_padding == 0) {
      whiten_adaptation(*adaptation_of(*module_), first_pictures());
    }
    place_network();
  }

  VisionResult run() {
    if (task_.recipe.bfloat16 && on_processor() && !has_fast_bfloat16()) {
      note("this processor has no AVX-512: training in float instead of bfloat16, which takes several times as long");
      task_.recipe.bfloat16 = false;
    }
    VisionResult result;
    result.loaded = loaded_;
    result.resumed_from = resume();
    const std::size_t total = task_.recipe.epochs * task_.rounds;
    while (epochs_.size() < total) {
      const std::size_t done = epochs_.size();
      if (done > 0 && done % task_.recipe.epochs == 0) {
        make_network(done / task_.recipe.epochs + 1);
        place_network();
      }
      epochs_.push_back(run_epoch(done + 1));
      save();
      if (options_.on_epoch) options_.on_epoch(epochs_.back());
      if (epochs_.size() == options_.stop_after) break;
    }
    result.finished = epochs_.size() == total;
    result.epochs = epochs_;
    result.skipped_steps = skipped_;
    result.test_accuracy = epochs_.back().test_accuracy;
    result.network = {task_.spec, mean_, std_, train_.classes(), {}, weights_of(*module_).tensors};
    if (whitening_) whitening_->merge(result.network.tensors);
    return result;
  }

 private:
  void note(const std::string& line) const {
    if (options_.on_note) options_.on_note(line);
  }

  bool on_processor() const { return device_.is_cpu(); }

  /// A fresh network behind the adaptation as it is: on the processor, so that the same weights are drawn everywhere.
  void make_network(std::size_t round) {
    torch::manual_seed(options_.seed + round - 1);
    const auto old = module_;
    module_ = make_vision(task_.spec);
    if (task_.pretrained) loaded_ = to_text(load_weights(*module_, *task_.pretrained));
    if (old) {
      const torch::NoGradGuard no_grad;
      const auto from = adaptation_of(*old), to = adaptation_of(*module_);
      if (from && to) {
        for (auto& item : to->named_parameters()) item.value().copy_(from->named_parameters()[item.key()]);
        for (auto& item : to->named_buffers()) item.value().copy_(from->named_buffers()[item.key()]);
      }
    }
  }

  /// To where it is trained.
  void place_network() {
    module_->to(device_);
    if (whitening_) whitening_->move_to(device_);
    updater_ = std::make_unique<Updater>(task_.recipe, groups_of(*module_, task_));
  }

  /// Of the first thousand, on the processor.
  torch::Tensor first_pictures() const {
    std::vector<std::int64_t> index(std::min<std::size_t>(train_.count(), 1000));
    std::iota(index.begin(), index.end(), 0);
    std::vector<float> values(index.size() * train_.shape().size());
    train_.read(index, values);
    return input_->tensor(values).to(torch::kCPU);
  }

  torch::Tensor input_of(std::span<const float> samples) const {
    const auto images = input_->tensor(samples);
    return whitening_ ? whitening_->apply(images) : images;
  }

  std::size_t resume() {
    if (options_.checkpoint.empty()) return 0;
    const auto checkpoint = read_checkpoint(options_.checkpoint);
    if (!checkpoint) return 0;
    const std::size_t total = task_.recipe.epochs * task_.rounds;
    if (checkpoint->fingerprint != fingerprint_ || checkpoint->epochs.empty() || checkpoint->epochs.size() > total) {
      note("checkpoint " + options_.checkpoint.string() + " is of another training: starting afresh");
      return 0;
    }
    unarchive(module_, checkpoint->model, device_);
    updater_->restore(checkpoint->optimiser);
    epochs_ = checkpoint->epochs;
    note(fmt::format("going on after epoch {} of {}", epochs_.size(), total));
    return epochs_.size();
  }

  void save() const {
    if (options_.checkpoint.empty()) return;
    write_checkpoint({fingerprint_, epochs_, archived(module_), updater_->archive()}, options_.checkpoint);
  }

  struct Step {
    double loss;
    std::int64_t correct;
  };

  Step step(const torch::Tensor& images, const torch::Tensor& labels, double share) {
    updater_->zero_gradients();
    const auto logits = module_->forward(images);
    auto loss = torch::nn::functional::cross_entropy(
        logits, labels, torch::nn::functional::CrossEntropyFuncOptions().label_smoothing(task_.recipe.label_smoothing));
    if (const auto penalty = module_->penalty(); penalty.defined()) loss = loss + penalty;
    loss.backward();
    const bool stepped = updater_->step(share);
    skipped_ += stepped ? 0 : 1;
    skipped_in_a_row_ = stepped ? 0 : skipped_in_a_row_ + 1;
    if (skipped_in_a_row_ >= kPatience) throw Error("training broke down: try a smaller learning rate");
    return {loss.item<double>(), logits.argmax(1).eq(labels).sum().item<std::int64_t>()};
  }

  EpochResult run_epoch(std::size_t epoch) {
    const Recipe& r = task_.recipe;
    const auto start = std::chrono::steady_clock::now();
    const std::size_t count = train_.count(), in_round = (epoch - 1) % r.epochs;
    Progress progress(fmt::format("epoch {}/{}", epoch, r.epochs * task_.rounds), count, "images", options_.progress);
    // Networks that drop branches by chance draw the same after a resumption.
    torch::manual_seed(epoch_stream(options_.seed + 2, epoch));
    const Augmentation augmentation = in_round + 1 + r.plain_epochs > r.epochs ? Augmentation{} : r.augmentation;
    module_->train();
    module_->use_bfloat16(r.bfloat16);
    DrawnBatches batches(
        train_, {shuffled(count, options_.seed, epoch), r.batch, augmentation, epoch_stream(options_.seed, epoch)},
        !on_processor());
    double loss = 0;
    std::int64_t correct = 0;
    while (const auto batch = batches.next()) {
      const double done =
          static_cast<double>(in_round) + static_cast<double>(batch->first) / static_cast<double>(count);
      const Step result = step(input_of(batch->values), labels_of(train_, batch->index),
                               rate_share_at(r, done / static_cast<double>(r.epochs)));
      if (std::isfinite(result.loss)) loss += result.loss * static_cast<double>(batch->index.size());
      correct += result.correct;
      progress.advance(batch->index.size());
    }
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    const auto images = static_cast<double>(count);
    // Tests are quicker in the arithmetic of the training, but the last one is what the written network will do.
    module_->use_bfloat16(r.bfloat16 && epoch < r.epochs * task_.rounds);
    return {epoch, loss / images, static_cast<double>(correct) / images, test_accuracy(), seconds, images / seconds};
  }

  torch::Tensor labels_of(const Pictures& pictures, std::span<const std::int64_t> index) const {
    auto labels = torch::empty({static_cast<std::int64_t>(index.size())}, torch::kInt64);
    for (std::size_t i = 0; i < index.size(); ++i) {
      labels.data_ptr<std::int64_t>()[i] = pictures.labels()[static_cast<std::size_t>(index[i])];
    }
    return labels.to(device_);
  }

  double test_accuracy() {
    const torch::NoGradGuard no_grad;
    module_->eval();
    const std::size_t size = test_.shape().size(), count = test_.count();
    const bool keep = count * size <= kMostKept;
    std::int64_t correct = 0;
    for (std::size_t first = 0; first < count; first += kTestBatch) {
      std::vector<std::int64_t> index(std::min(kTestBatch, count - first));
      std::iota(index.begin(), index.end(), static_cast<std::int64_t>(first));
      if (!keep || kept_.size() < (first + index.size()) * size) {
        if (!keep) kept_.clear();
        kept_.resize(kept_.size() + index.size() * size);
        test_.read(index, std::span(kept_).last(index.size() * size));
      }
      const std::span<const float> values(kept_.data() + (keep ? first * size : 0), index.size() * size);
      correct += module_->forward(input_of(values)).argmax(1).eq(labels_of(test_, index)).sum().item<std::int64_t>();
    }
    return static_cast<double>(correct) / static_cast<double>(count);
  }

  VisionTask task_;
  const Pictures& train_;
  const Pictures& test_;
  const RunOptions& options_;
  torch::Device device_;
  std::vector<float> mean_;
  std::vector<float> std_;
  std::unique_ptr<InputForm> input_;
  std::unique_ptr<PatchWhitening> whitening_;
  std::shared_ptr<VisionModule> module_;
  std::unique_ptr<Updater> updater_;
  std::string loaded_;
  std::string fingerprint_;
  std::vector<float> kept_;
  std::vector<EpochResult> epochs_;
  std::size_t skipped_ = 0;
  std::size_t skipped_in_a_row_ = 0;
};

}  // namespace

VisionResult train_vision(const VisionTask& task, const Pictures& train_set, const Pictures& test_set,
                          const RunOptions& options) {
  check_task(task, train_set, test_set);
  try {
    set_math_threads(options.threads);
    return VisionRun(task, train_set, test_set, options).run();
  } catch (const c10::Error& e) {
    throw Error(std::string("LibTorch: ") + e.what_without_backtrace());
  }
}

}  // namespace obscura::train
