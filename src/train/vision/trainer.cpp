#include "train/vision/trainer.h"

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
#include "train/choosing.h"
#include "train/device.h"
#include "train/device_torch.h"
#include "train/encrypted/measure.h"
#include "train/loss.h"
#include "train/updater.h"
#include "train/vision/drawn_batches.h"
#include "train/vision/families.h"
#include "train/vision/input.h"
#include "train/vision/load_weights.h"
#include "train/vision/patch_whitening.h"
#include "train/vision/pretrained.h"
#include "train/vision/start.h"
#include "train/vision/task.h"

namespace obscura::train {
namespace {

/// Steps in a row whose gradients are not finite, after which nothing will mend the network.
constexpr std::size_t kPatience = 10;
constexpr std::size_t kTestBatch = 250;
/// Validation pictures are kept in memory, as protecting them anew after every epoch takes time.
constexpr std::size_t kMostKept = std::size_t{1} << 29;

class VisionRun {
 public:
  VisionRun(const VisionTask& task, const PictureSets& sets, const RunOptions& options)
      : task_(task),
        choosing_(task.recipe, sets.train.labels(), sets.train.classes(),
                  sets.validation ? std::optional(sets.validation->count()) : std::nullopt, options.seed,
                  (task.rounds - 1) * task.recipe.epochs + 1),
        learnt_(part_of(sets.train, choosing_.learn())),
        train_(*learnt_),
        validation_(part_of(sets.validation ? *sets.validation : sets.train, choosing_.validate())),
        test_(sets.test),
        options_(options),
        device_(device_of(options.device)) {
    if (task.adaptation_from) {
      mean_ = task.adaptation_from->mean, std_ = task.adaptation_from->std;
    } else {
      measure_input(train_, mean_, std_);
    }
    input_ = std::make_unique<InputForm>(train_.shape(), mean_, std_, device_);
    weights_ = weight_tensor(choosing_.class_weights(), device_);
    fingerprint_ = fingerprint(task, sets, choosing_, options);
    for (const std::string& line : choosing_.notes()) note(line);
    make_network(1);
    if (!loaded_.empty()) note("pretrained weights: " + loaded_);
    if (whitens_patches(task)) {
      const std::int64_t patch = module_->named_parameters()["conv_proj.weight"].size(2);
      whitening_ = std::make_unique<PatchWhitening>(first_pictures(), patch, task.spec.positions);
    }
    if (task.adaptation_from) {
      continue_adaptation(*adaptation_of(*module_), *task.adaptation_from);
    } else if (!task.guesses.empty()) {
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
    while (epochs_.size() < total && !choosing_.ended_early(epochs_)) {
      const std::size_t done = epochs_.size();
      if (done > 0 && done % task_.recipe.epochs == 0) {
        make_network(done / task_.recipe.epochs + 1);
        place_network();
      }
      epochs_.push_back(run_epoch(done + 1));
      if (choosing_.validates() && is_last_kept() && done + 1 < total) best_ = archived(module_);
      save();
      if (options_.on_epoch) options_.on_epoch(epochs_.back());
      if (epochs_.size() == options_.stop_after) break;
    }
    result.finished = epochs_.size() == total || choosing_.ended_early(epochs_);
    result.epochs = epochs_;
    result.skipped_steps = skipped_;
    result.choice = choosing_.choice(epochs_, total);
    if (!is_last_kept()) unarchive(module_, best_, device_);
    module_->use_bfloat16(false);
    if (result.finished) {
      const Answers answers = answers_of(test_);
      result.test = figures_of(answers.labels, answers.predicted, task_.spec.classes);
    }
    result.network = {task_.spec, mean_, std_, train_.classes(), {}, weights_of(*module_).tensors};
    if (whitening_) whitening_->merge(result.network.tensors);
    return result;
  }

 private:
  void note(const std::string& line) const {
    if (options_.on_note) options_.on_note(line);
  }

  bool is_last_kept() const { return choosing_.kept(epochs_) == epochs_.size(); }

  bool on_processor() const { return device_.is_cpu(); }

  /// A fresh network behind the adaptation as it is: on the processor, so that the same weights are drawn everywhere.
  void make_network(std::size_t round) {
    torch::manual_seed(options_.seed + round - 1);
    const auto old = module_;
    module_ = make_vision(task_.spec);
    if (task_.pretrained) {
      const LoadReport report = load_weights(*module_, *task_.pretrained);
      if (!task_.pretrained_partial) require_body(*module_, report, has_small_stem(task_.spec));
      loaded_ = to_text(report);
    }
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
    best_ = is_last_kept() ? checkpoint->model : checkpoint->best;
    note(fmt::format("going on after epoch {} of {}", epochs_.size(), total));
    return epochs_.size();
  }

  void save() const {
    if (options_.checkpoint.empty()) return;
    write_checkpoint({fingerprint_, epochs_, archived(module_), updater_->archive(), "", is_last_kept() ? "" : best_},
                     options_.checkpoint);
  }

  struct Step {
    double loss;
    std::int64_t correct;
  };

  Step step(const torch::Tensor& images, const torch::Tensor& labels, double share) {
    updater_->zero_gradients();
    const auto logits = module_->forward(images);
    auto loss = weighted_cross_entropy(logits, labels, task_.recipe.label_smoothing, weights_);
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
    EpochResult out;
    out.epoch = epoch;
    out.train_loss = loss / images;
    out.train_accuracy = static_cast<double>(correct) / images;
    out.seconds = seconds;
    out.images_per_second = images / seconds;
    if (choosing_.validates()) {
      // It is quicker in the arithmetic of the training, but the last one is what the written network will do.
      module_->use_bfloat16(r.bfloat16 && epoch < r.epochs * task_.rounds);
      const Answers answers = answers_of(*validation_, &kept_);
      Choosing::score(out, figures_of(answers.labels, answers.predicted, task_.spec.classes), answers.loss);
    }
    return out;
  }

  torch::Tensor labels_of(const Pictures& pictures, std::span<const std::int64_t> index) const {
    auto labels = torch::empty({static_cast<std::int64_t>(index.size())}, torch::kInt64);
    for (std::size_t i = 0; i < index.size(); ++i) {
      labels.data_ptr<std::int64_t>()[i] = pictures.labels()[static_cast<std::size_t>(index[i])];
    }
    return labels.to(device_);
  }

  /// `kept`, where it is given, has the samples of these pictures afterwards, unless they are too many.
  Answers answers_of(const Pictures& pictures, std::vector<float>* kept = nullptr) {
    const torch::NoGradGuard no_grad;
    module_->eval();
    const std::size_t size = pictures.shape().size(), count = pictures.count();
    const bool keep = kept != nullptr && count * size <= kMostKept;
    Answers answers;
    std::vector<float> own;
    for (std::size_t first = 0; first < count; first += kTestBatch) {
      std::vector<std::int64_t> index(std::min(kTestBatch, count - first));
      std::iota(index.begin(), index.end(), static_cast<std::int64_t>(first));
      const std::size_t from = keep ? first * size : 0, values = index.size() * size;
      std::vector<float>& all = keep ? *kept : own;
      if (!keep) own.clear();
      if (all.size() < from + values) {
        all.resize(from + values);
        pictures.read(index, std::span(all).last(values));
      }
      add_answers(answers, module_->forward(input_of(std::span<const float>(all).subspan(from, values))),
                  labels_of(pictures, index));
    }
    answers.loss /= static_cast<double>(std::max<std::size_t>(count, 1));
    return answers;
  }

  VisionTask task_;
  Choosing choosing_;
  std::unique_ptr<Pictures> learnt_;
  const Pictures& train_;
  std::unique_ptr<Pictures> validation_;
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
  torch::Tensor weights_;    // a class; undefined: all alike
  std::vector<float> kept_;  // samples of the validation pictures
  std::string best_;         // archive of the network after the best epoch so far, where that is not the last
  std::vector<EpochResult> epochs_;
  std::size_t skipped_ = 0;
  std::size_t skipped_in_a_row_ = 0;
};

}  // namespace

VisionResult train_vision(const VisionTask& task, const Pictures& train_set, const Pictures& test_set,
                          const RunOptions& options, const Pictures* validation_set) {
  const PictureSets sets{train_set, validation_set, test_set};
  check_task(task, sets);
  try {
    set_math_threads(options.threads);
    return VisionRun(task, sets, options).run();
  } catch (const c10::Error& e) {
    throw Error(std::string("LibTorch: ") + e.what_without_backtrace());
  }
}

}  // namespace obscura::train
