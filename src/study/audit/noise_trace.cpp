// An encrypted run, opened at every stage.
#include <algorithm>
#include <cmath>
#include <memory>

#include "base/progress.h"
#include "base/share.h"
#include "base/stopwatch.h"
#include "compile/noise.h"
#include "compile/stages.h"
#include "nn/reference.h"
#include "owner/owner.h"
#include "runtime/answer.h"
#include "runtime/runner.h"
#include "study/audit/noise.h"
#include "study/memory_check.h"

namespace obscura::study {
namespace {

using Values = std::vector<std::vector<double>>;  ///< by value, as program::Term numbers them

/// Every value of one picture in the clear; of a network of chunks those before the merge stay empty.
Values clear_values(const program::StagedNetwork& network, const program::Parts& parts) {
  Values values;
  std::size_t first = 0;
  if (network.merge) {
    first = network.merge->value;
    program::Parts made;
    for (const auto& part : parts) {
      Values of_part{part};
      for (std::size_t i = 0; i < first; ++i) of_part.push_back(program::run_stage(network.stages[i], of_part));
      made.push_back(std::move(of_part.back()));
    }
    values.resize(first);
    values.push_back(program::merged(*network.merge, made));
  } else {
    values.push_back(parts.front());
  }
  for (std::size_t i = first; i < network.stages.size(); ++i) {
    values.push_back(program::run_stage(network.stages[i], values));
  }
  return values;
}

/// Where a value stands among the slots of a stage's ciphertexts.
struct Places {
  std::vector<std::uint32_t> position;  ///< packed: by value
  std::size_t width = 1;                ///< packed: images side by side; batched: slots an image
  bool batched = false;
  /// Packed, a last stage that leaves sums over its repetitions to the reader: places that they are apart, and what
  /// their mean is multiplied by.
  std::size_t period = 0;
  double factor = 1;

  std::size_t values(std::size_t ciphertexts) const { return batched ? ciphertexts : position.size(); }

  double read(const std::vector<std::vector<double>>& slots, std::size_t value, std::size_t image) const {
    if (batched) return slots[value][image * width];
    const std::size_t places = slots.front().size() / width;
    const std::vector<double>& of = slots[position[value] / places];
    std::size_t at = position[value] % places;
    if (period == 0) return of[at * width + image];
    double sum = 0, count = 0;
    for (at %= period; at < places; at += period, ++count) sum += of[at * width + image];
    return factor * sum / count;
  }
};

class Trace {
 public:
  Trace(const nn::Graph& graph, program::Program program, ThreadPool& pool)
      : graph_(graph),
        network_(compile::network_of(nn::fold_batch_norms(graph))),
        pool_(pool),
        owner_(program.client),
        encoder_(owner_.context()),
        decryptor_(owner_.key()) {
    describe(program);
    const auto seeded = owner_.evaluation_keys(&pool);
    runner_ = runtime::make_runner(std::move(program), &pool);
    keys_ = std::make_shared<const ckks::EvaluationKeys>(*runner_->context(), seeded, &pool);
  }

  std::size_t width() const { return owner_.client().images; }

  /// Up to width() images.
  void run(std::span<const std::vector<float>> images) {
    clear_.clear();
    for (const auto& image : images) {
      program::Parts parts;
      for (const auto& part : nn::network_inputs(graph_, image)) parts.emplace_back(part.begin(), part.end());
      clear_.push_back(clear_values(network_, parts));
    }
    auto query = owner_.encrypt(images, &pool_);
    const auto ticket = message::ticket_of(query);
    message::Answer answer = message::answer_to(query, {});
    const auto inputs = runtime::expand(*runner_->context(), query, &pool_);
    if (!owner_.client().chunks) open(0, input_, inputs.ciphertexts);
    runtime::RunOptions options{&pool_};
    options.on_value = [&](std::size_t stage, std::span<const ckks::Ciphertext> value) {
      open(stage + 1, outputs_[stage], value);
    };
    const Stopwatch watch;
    answer.ciphertexts = runner_->run(keys_, inputs, options);
    seconds_ += watch.seconds();
    const auto logits = owner_.decrypt(answer, ticket, ckks::DecryptOptions{64, 0, 30}, &pool_);
    for (std::size_t k = 0; k < images.size(); ++k) add(sums_.back(), logits[k], clear_[k].back());
  }

  NoiseAudit take() const {
    NoiseAudit audit;
    audit.client = owner_.client();
    audit.seconds = seconds_;
    for (std::size_t i = 0; i < sums_.size(); ++i) {
      const ErrorSums& sums = sums_[i];
      if (sums.images() == 0) continue;
      StageNoise stage{names_[i], sums.values(), predicted_[i], sums.deviation(), sums.interval()};
      stage.mean = sums.mean();
      stage.largest = sums.largest();
      stage.value_deviation = sums.value_deviation();
      stage.standing = judge(stage.interval, stage.predicted);
      audit.stages.push_back(std::move(stage));
    }
    return audit;
  }

 private:
  /// Places and predictions, before the program is given away. Sums: of encryption, every stage, and logits.
  void describe(const program::Program& program) {
    const auto& client = program.client;
    const bool batched = client.mode == message::Mode::batched;
    const std::size_t apart = client.chunks ? client.chunks->wide : 1;
    std::vector<std::uint32_t> first;
    for (std::size_t i = 0; !batched && i < client.unit().size(); ++i) first.push_back(client.places_of(i).front());
    input_ = {std::move(first), batched ? apart : client.width(), batched};
    names_.emplace_back("encryption");
    predicted_.push_back(compile::NoiseUnits(program.schedule.log_degree, client.mode, 1, 0, 0).fresh /
                         client.input_scale);
    for (std::size_t i = 0; i < network_.stages.size(); ++i) {
      names_.push_back(network_.stages[i].name);
      predicted_.push_back(i < program.schedule.stage_errors.size() ? program.schedule.stage_errors[i] : 0);
      Places places{{}, apart, true};
      if (!batched) {
        const auto& stage = program.packed[i];
        places = {stage.output->position, stage.width, false};
        if (stage.unfolded) {
          places.period = std::min(stage.output->period, client.slots() / stage.width);
          places.factor = client.output_factor;
        }
      }
      outputs_.push_back(std::move(places));
    }
    names_.emplace_back("logits");
    predicted_.push_back(client.logit_error);
    sums_.resize(names_.size());
  }

  static void add(ErrorSums& sums, const std::vector<double>& seen, const std::vector<double>& value) {
    if (sums.images() == 0) sums = ErrorSums(value.size());
    std::vector<double> error(value.size());
    for (std::size_t i = 0; i < error.size(); ++i) error[i] = seen.at(i) - value[i];
    sums.add_image(error, value);
  }

  /// Decrypts a value and adds its errors up.
  void open(std::size_t value, const Places& places, std::span<const ckks::Ciphertext> ciphertexts) {
    std::vector<std::vector<double>> slots(ciphertexts.size());
    const std::size_t needed = places.batched ? clear_.size() * places.width : owner_.client().slots();
    share(&pool_, ciphertexts.size(), [&](std::size_t c) {
      const auto decoded = encoder_.decode(decryptor_.decrypt_coefficients(ciphertexts[c]));
      slots[c].resize(needed);
      for (std::size_t s = 0; s < needed; ++s) slots[c][s] = decoded[s].real();
    });
    for (std::size_t k = 0; k < clear_.size(); ++k) {
      std::vector<double> seen(places.values(ciphertexts.size()));
      for (std::size_t i = 0; i < seen.size(); ++i) seen[i] = places.read(slots, i, k);
      add(sums_[value], seen, clear_[k][value]);
    }
  }

  const nn::Graph& graph_;
  program::StagedNetwork network_;
  ThreadPool& pool_;
  owner::Owner owner_;
  ckks::Encoder encoder_;
  ckks::Decryptor decryptor_;
  std::unique_ptr<runtime::Runner> runner_;
  std::shared_ptr<const ckks::EvaluationKeys> keys_;
  Places input_;
  std::vector<Places> outputs_;  ///< by stage
  std::vector<std::string> names_;
  std::vector<double> predicted_;
  std::vector<ErrorSums> sums_;
  std::vector<Values> clear_;  ///< of the images that run
  double seconds_ = 0;
};

}  // namespace

NoiseAudit trace_noise(const nn::Graph& graph, program::Program program, const std::vector<std::vector<float>>& images,
                       ThreadPool& pool, bool progress) {
  check_memory(program);
  Trace trace(graph, std::move(program), pool);
  Progress shown("following", images.size(), "images", progress);
  for (std::size_t first = 0; first < images.size(); first += trace.width()) {
    const std::size_t count = std::min(trace.width(), images.size() - first);
    trace.run(std::span(images).subspan(first, count));
    shown.advance(count);
  }
  NoiseAudit audit = trace.take();
  audit.images = images.size();
  return audit;
}

}  // namespace obscura::study
