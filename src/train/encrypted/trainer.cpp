#include "train/encrypted/trainer.h"

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
#include "train/convert/fit_start.h"
#include "train/encrypted/batches.h"
#include "train/encrypted/fingerprint.h"
#include "train/encrypted/measure.h"
#include "train/encrypted/network.h"
#include "train/encrypted/teacher.h"
#include "train/encrypted/weight_average.h"
#include "train/loss.h"
#include "train/updater.h"

namespace obscura::train {
namespace {

/// Steps in a row whose gradients are not finite, after which nothing will mend the network.
constexpr std::size_t kPatience = 10;

NetworkForm form_of(const Recipe& r, const RunOptions& options) {
  NetworkForm form{r.normalised_squares, r.range_bound, r.range_weight, r.range_limit, r.chunk_dropout, r.pool_dropout};
  if (options.conversion) form.originals = options.conversion->surgery.originals;
  return form;
}

void check_images(const nn::Graph& graph, const image::Dataset& set) {
  const Shape images{set.channels, set.height, set.width}, wanted = graph.input_shape();
  if (set.count == 0) throw MismatchError("data set " + set.name + " holds no images");
  if (images != wanted) {
    throw MismatchError(fmt::format(
        "data set {} has images of {}x{}x{} (channels, height, width), the network takes {}x{}x{}", set.name,
        images.channels, images.height, images.width, wanted.channels, wanted.height, wanted.width));
  }
  const auto classes = static_cast<std::int64_t>(graph.output_shape().size());
  if (set.classes.size() != graph.output_shape().size()) {
    throw MismatchError(fmt::format("data set {} has {} classes, the network {} outputs", set.name, set.classes.size(),
                                    graph.output_shape().size()));
  }
  const bool known = std::ranges::all_of(set.labels, [&](std::int64_t l) { return l >= 0 && l < classes; });
  if (!known || set.labels.size() != set.count || set.images.size() != set.count * set.image_size()) {
    throw MismatchError("data set " + set.name + " has labels that the network has no output for");
  }
}

void check_teacher(const nn::Graph& graph, const nn::Graph& teacher) {
  if (teacher.input_shape() != graph.input_shape() || teacher.output_shape().size() != graph.output_shape().size()) {
    throw MismatchError("the teacher takes other images, or tells other classes apart, than the network");
  }
}

/// From where on an epoch's norms are frozen all through, if they ever are: else from the first.
std::size_t first_candidate(const Recipe& r) {
  if (r.freeze_norms <= 0) return 1;
  const double before = std::ceil((1 - r.freeze_norms) * static_cast<double>(r.epochs) - 1e-9);
  return std::min(static_cast<std::size_t>(before) + 1, r.epochs);
}

std::vector<std::int64_t> all_of(std::size_t count) {
  std::vector<std::int64_t> index(count);
  std::iota(index.begin(), index.end(), 0);
  return index;
}

class Run {
 public:
  Run(const nn::Graph& skeleton, const Recipe& recipe, const Sets& sets, const RunOptions& options)
      : recipe_(recipe),
        options_(options),
        classes_(skeleton.output_shape().size()),
        choosing_(recipe, sets.train.labels, sets.train.classes,
                  sets.validation ? std::optional(sets.validation->count) : std::nullopt, options.seed,
                  first_candidate(recipe)),
        weights_(weight_tensor(choosing_.class_weights())),
        train_(sets.train, skeleton.preprocessing),
        validation_(sets.validation ? *sets.validation : sets.train, skeleton.preprocessing),
        test_(sets.test, skeleton.preprocessing),
        test_count_(sets.test.count),
        network_(std::make_shared<Network>(skeleton, form_of(recipe, options))),
        updater_(recipe, update_groups(recipe, *network_)),
        fingerprint_(fingerprint(skeleton, recipe, sets, choosing_, options)) {
    if (options.conversion) start(options.conversion->surgery);
    if (recipe.weight_average > 0) {
      average_.emplace(*network_, skeleton, form_of(recipe, options), recipe.weight_average);
    }
    if (!options.teacher) return;
    check_teacher(skeleton, *options.teacher);
    teacher_ = std::make_unique<Teacher>(*options.teacher, skeleton.preprocessing);
  }

  TrainResult run() {
    for (const std::string& line : choosing_.notes()) note(line);
    if (recipe_.bfloat16 && !has_fast_bfloat16()) {
      note("this processor has no AVX-512: training in float instead of bfloat16, which takes several times as long");
      recipe_.bfloat16 = false;
    }
    if (teacher_) teacher_->use_bfloat16(recipe_.bfloat16);
    TrainResult result;
    result.resumed_from = resume();
    while (!is_finished()) {
      epochs_.push_back(run_epoch(epochs_.size() + 1));
      keep_best();
      save();
      if (options_.on_epoch) options_.on_epoch(epochs_.back());
      if (epochs_.size() == options_.stop_after) break;
    }
    result.finished = is_finished();
    result.choice = choosing_.choice(epochs_, recipe_.epochs);
    auto kept = candidate();
    kept->blend(1);
    if (!is_last_kept()) unarchive(kept, best_);
    kept->use_bfloat16(false);
    if (result.finished) measure_test(*kept, test_, all_of(test_count_), result);
    result.skipped_steps = skipped_;
    result.graph = nn::fold_batch_norms(kept->to_graph());
    result.epochs = epochs_;
    return result;
  }

 private:
  /// The network that is validated and kept.
  const std::shared_ptr<Network>& candidate() const { return average_ ? average_->network() : network_; }

  void start(const Surgery& surgery) {
    auto sample = shuffled(choosing_.learn().size(), options_.seed, 0);
    sample.resize(std::min(sample.size(), Conversion::kFitImages));
    for (std::int64_t& at : sample) at = choosing_.learn()[static_cast<std::size_t>(at)];
    fit_start(*network_, surgery, train_.plain(sample).images);
  }

  bool is_finished() const { return epochs_.size() == recipe_.epochs || choosing_.ended_early(epochs_) || agrees(); }

  /// The last epoch is as near to the original as was wanted.
  bool agrees() const {
    if (!options_.conversion || options_.conversion->agreement <= 0 || epochs_.empty()) return false;
    return choosing_.validates() && epochs_.size() >= first_candidate(recipe_) &&
           epochs_.back().validation_accuracy >= options_.conversion->agreement;
  }

  bool is_last_kept() const { return choosing_.kept(epochs_) == epochs_.size(); }

  void keep_best() {
    if (choosing_.validates() && is_last_kept() && epochs_.size() < recipe_.epochs) best_ = archived(candidate());
  }

  std::size_t resume() {
    if (options_.checkpoint.empty()) return 0;
    const auto checkpoint = read_checkpoint(options_.checkpoint);
    if (!checkpoint) return 0;
    if (checkpoint->fingerprint != fingerprint_ || checkpoint->epochs.size() > recipe_.epochs ||
        checkpoint->epochs.empty()) {
      note("checkpoint " + options_.checkpoint.string() + " is of another training: starting afresh");
      return 0;
    }
    unarchive(network_, checkpoint->model);
    updater_.restore(checkpoint->optimiser);
    epochs_ = checkpoint->epochs;
    if (average_) {
      auto averaged = average_->network();
      unarchive(averaged, checkpoint->average);
    }
    best_ = is_last_kept() ? archived(candidate()) : checkpoint->best;
    note(fmt::format("going on after epoch {} of {}", epochs_.size(), recipe_.epochs));
    return epochs_.size();
  }

  void save() const {
    if (options_.checkpoint.empty()) return;
    write_checkpoint({fingerprint_, epochs_, archived(network_), updater_.archive(),
                      average_ ? archived(average_->network()) : "", is_last_kept() ? "" : best_},
                     options_.checkpoint);
  }

  void note(const std::string& line) const {
    if (options_.on_note) options_.on_note(line);
  }

  /// Mean square of what goes past the limit, over the inputs of all activations.
  torch::Tensor range_penalty(const std::vector<torch::Tensor>& observed) const {
    torch::Tensor sum = torch::zeros({});
    for (const auto& x : observed) sum = sum + torch::relu(x.abs() - recipe_.range_limit).square().mean();
    return sum * recipe_.range_weight;
  }

  struct Step {
    double loss;
    std::int64_t correct;
  };

  Step step(const Batch& batch, double rate_share) {
    const bool penalised = recipe_.range_weight > 0 && !recipe_.normalised_squares;
    std::vector<torch::Tensor> observed;
    updater_.zero_gradients();
    const auto logits = network_->forward(batch.images, penalised ? &observed : nullptr);
    auto loss = weighted_cross_entropy(logits, batch.labels, recipe_.label_smoothing, weights_);
    if (teacher_) {
      const auto from_teacher = distillation_loss(logits, teacher_->logits(batch.images), recipe_.teacher_temperature);
      loss = loss * (1 - recipe_.teacher_share) + from_teacher * recipe_.teacher_share;
    }
    if (penalised) loss = loss + range_penalty(observed);
    loss.backward();
    const bool stepped = updater_.step(rate_share);
    if (stepped && average_) average_->add(*network_);
    skipped_ += stepped ? 0 : 1;
    skipped_in_a_row_ = stepped ? 0 : skipped_in_a_row_ + 1;
    return {loss.item<double>(), logits.argmax(1).eq(batch.labels).sum().item<std::int64_t>()};
  }

  EpochResult run_epoch(std::size_t epoch) {
    const auto start = std::chrono::steady_clock::now();
    Progress progress(fmt::format("epoch {}/{}", epoch, recipe_.epochs), choosing_.learn().size(), "images",
                      options_.progress);
    const std::size_t images = choosing_.learn().size();
    auto order = shuffled(images, options_.seed, epoch);
    for (std::int64_t& at : order) at = choosing_.learn()[static_cast<std::size_t>(at)];
    const bool plain = epoch + recipe_.plain_epochs > recipe_.epochs;
    const Augmentation augmentation = plain ? Augmentation{} : recipe_.augmentation;
    network_->train();
    // What is drawn beside the augmentation follows from the seed and the epoch, too: a resumed run draws the same.
    if (recipe_.chunk_dropout > 0 || !recipe_.pool_dropout.empty()) torch::manual_seed(mix(options_.seed ^ mix(epoch)));
    network_->use_bfloat16(recipe_.bfloat16);
    double loss = 0;
    std::int64_t correct = 0;
    for (std::size_t first = 0; first < images; first += recipe_.batch) {
      const std::size_t count = std::min(recipe_.batch, images - first);
      // The mean of one image has no variance, so a batch norm cannot learn from a single one.
      if (count == 1 && images > 1) break;
      const double done = static_cast<double>(epoch - 1) + static_cast<double>(first) / static_cast<double>(images);
      const double progressed = done / static_cast<double>(recipe_.epochs);
      network_->freeze_norms(progressed >= 1 - recipe_.freeze_norms);
      if (options_.conversion && options_.conversion->gradual > 0) {
        network_->blend(std::min(progressed / options_.conversion->gradual, 1.0));
      }
      const Step result = step(train_.augmented(order, first, count, augmentation, options_.seed, epoch),
                               rate_share_at(recipe_, progressed));
      if (skipped_in_a_row_ >= kPatience) {
        throw Error(fmt::format("training broke down in epoch {}: try a smaller learning rate", epoch));
      }
      if (std::isfinite(result.loss)) loss += result.loss * static_cast<double>(count);
      correct += result.correct;
      progress.advance(count);
    }
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    EpochResult out;
    out.epoch = epoch;
    out.train_loss = loss / static_cast<double>(images);
    out.train_accuracy = static_cast<double>(correct) / static_cast<double>(images);
    out.seconds = seconds;
    out.images_per_second = static_cast<double>(images) / seconds;
    if (choosing_.validates()) validate(out);
    return out;
  }

  void validate(EpochResult& epoch) {
    // It is quicker in the arithmetic of the training, but the last one is what the written network will do.
    Network& network = *candidate();
    network.blend(1);
    network.use_bfloat16(recipe_.bfloat16 && epoch.epoch < recipe_.epochs);
    const Answers answers = measure_answers(network, validation_, choosing_.validate());
    Choosing::score(epoch, figures_of(answers.labels, answers.predicted, classes_), answers.loss);
  }

  Recipe recipe_;
  const RunOptions& options_;
  std::size_t classes_;
  Choosing choosing_;
  torch::Tensor weights_;  // a class; undefined: all alike
  Batches train_;
  Batches validation_;  // of all that are given, or of the training images
  Batches test_;
  std::size_t test_count_;
  std::shared_ptr<Network> network_;
  Updater updater_;
  std::optional<WeightAverage> average_;
  std::unique_ptr<Teacher> teacher_;
  std::size_t skipped_ = 0;
  std::size_t skipped_in_a_row_ = 0;
  std::string fingerprint_;
  std::vector<EpochResult> epochs_;
  std::string best_;  // archive of the network after the best epoch so far, where that is not the last
};

}  // namespace

TrainResult train(const nn::Graph& skeleton, const Recipe& recipe, const image::Dataset& train_set,
                  const image::Dataset& test_set, const RunOptions& options, const image::Dataset* validation_set) {
  check_recipe(recipe);
  check_images(skeleton, train_set);
  check_same_classes(train_set.classes, test_set.classes, "test", test_set.name);
  check_images(skeleton, test_set);
  if (validation_set != nullptr) {
    check_same_classes(train_set.classes, validation_set->classes, "validation", validation_set->name);
    check_images(skeleton, *validation_set);
  }
  try {
    set_math_threads(options.threads);
    torch::manual_seed(options.seed);
    auto result = Run(skeleton, recipe, {train_set, validation_set, test_set}, options).run();
    result.graph.preprocessing.stated = true;
    result.graph.preprocessing.classes = train_set.classes;
    return result;
  } catch (const c10::Error& e) {
    throw Error(std::string("LibTorch: ") + e.what_without_backtrace());
  }
}

}  // namespace obscura::train
