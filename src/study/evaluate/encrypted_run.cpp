#include "study/evaluate/encrypted_run.h"

#include <algorithm>
#include <memory>
#include <set>
#include <span>
#include <utility>

#include "base/progress.h"
#include "base/stopwatch.h"
#include "owner/owner.h"
#include "runtime/answer.h"
#include "study/compile_network.h"
#include "study/memory_check.h"

namespace obscura::study {
namespace {

/// Packed queries that are in memory together, a thread: enough that threads seldom wait for each other.
constexpr std::size_t kPackedQueriesAThread = 16;
/// Queries of a large network that go through it together and share every weight that is transformed on the way.
constexpr std::size_t kQueriesTogether = 4;

/// Both sides in one process.
struct Parties {
  std::unique_ptr<owner::Owner> owner;
  std::unique_ptr<runtime::Runner> runner;
  std::shared_ptr<const ckks::EvaluationKeys> keys;
};

/// Some queries on their way.
struct Batch {
  std::size_t first = 0;  ///< image
  std::vector<message::Query> queries;
  std::vector<runtime::Runner::Inputs> values;
  std::vector<message::Answer> answers;
};

class Run {
 public:
  Run(const std::vector<std::vector<float>>& images, ThreadPool& pool, std::size_t together)
      : images_(images), pool_(pool), together_(together == 0 ? kQueriesTogether : together) {}

  void set_up(const nn::Graph& graph, const compile::CompileOptions& options) {
    Stopwatch watch;
    program::Program program = compile_network(graph, options);
    check_memory(program);
    result_.client = program.client;
    result_.chunks_encrypted = share_encrypted();
    large_ = std::any_of(program.packed.begin(), program.packed.end(),
                         [](const auto& stage) { return stage.method == program::PackedStage::Method::blocks; });
    result_.together = large_ ? together_ : 0;
    result_.setup.compile = watch.lap();
    parties_.owner = std::make_unique<owner::Owner>(program.client);
    const auto seeded = parties_.owner->evaluation_keys();
    result_.setup.keys = watch.lap();
    result_.evaluation_keys = ckks::write_evaluation_keys(*parties_.owner->context(), seeded).size();
    watch.lap();
    const std::size_t ready = matrix_memory(options.budget, program);
    parties_.runner = runtime::make_runner(std::move(program), &pool_, ready);
    parties_.keys = std::make_shared<const ckks::EvaluationKeys>(*parties_.runner->context(), seeded, &pool_);
    result_.setup.prepare = watch.lap();
    result_.logits.resize(images_.size());
    result_.trust.resize(images_.size());
  }

  EncryptedRun run(bool progress, const RunSteps& steps) {
    Progress shown("classifying", images_.size() - steps.first, "images", progress);
    const std::size_t queries = large_ ? together_ : packed() ? pool_.threads() * kPackedQueriesAThread : 1;
    const std::size_t step = queries * result_.client.images;
    double unmeasured = 0;
    const Stopwatch whole;
    for (std::size_t first = steps.first; first < images_.size(); first += step) {
      const std::size_t count = std::min(step, images_.size() - first);
      unmeasured += run_batch(first, count);
      result_.seconds.total = whole.seconds() - unmeasured;
      shown.advance(count);
      const Stopwatch listening;
      if (steps.on_batch) steps.on_batch(result_, first, count);
      unmeasured += listening.seconds();
    }
    for (auto& stage : result_.stages) stage.seconds /= static_cast<double>(result_.query_seconds.size());
    return std::move(result_);
  }

 private:
  bool packed() const { return result_.client.mode == message::Mode::packed; }

  /// Returns the seconds that went into weighing the first query and answer.
  double run_batch(std::size_t first, std::size_t count) {
    Batch batch;
    batch.first = first;
    auto& seconds = result_.seconds;
    Stopwatch watch;
    encrypt(batch, count);
    seconds.encrypt += watch.lap();
    double weighing = 0;
    for (const auto& query : batch.queries) weigh(query);
    weighing += watch.lap();
    expand(batch);
    seconds.expand += watch.lap();
    evaluate(batch);
    seconds.evaluate += watch.lap();
    if (result_.reply == 0) {
      result_.reply = message::write_answer(*parties_.runner->context(), batch.answers.front()).size();
      weighing += watch.lap();
    }
    decrypt(batch);
    seconds.decrypt += watch.lap();
    return weighing;
  }

  /// Mean share of a picture's chunks.
  double share_encrypted() const {
    const auto& client = result_.client;
    if (!client.chunks) return 0;
    double share = 0;
    for (const auto& image : images_) {
      const auto choice = message::choose_chunks(*client.chunks, image, client.preprocessing);
      share += static_cast<double>(choice.encrypted.size()) / static_cast<double>(client.chunks->cut.count());
    }
    return share / static_cast<double>(images_.size());
  }

  /// Bytes of a query follow from what it holds: weighed once for each of that.
  void weigh(const message::Query& query) {
    if (!weighed_.emplace(query.ciphertexts.size(), query.plain.size()).second) return;
    const std::size_t bytes = message::write_query(*parties_.owner->context(), query).size();
    if (result_.upload == 0) result_.upload = result_.upload_min = bytes;
    result_.upload_min = std::min(result_.upload_min, bytes);
    result_.upload_max = std::max(result_.upload_max, bytes);
  }

  void encrypt(Batch& batch, std::size_t count) {
    const auto images = std::span(images_).subspan(batch.first, count);
    const std::size_t each = result_.client.images;
    batch.queries.resize((count + each - 1) / each);
    if (!packed()) {
      batch.queries.front() = parties_.owner->encrypt(images, &pool_);
      return;
    }
    pool_.parallel_for(batch.queries.size(), [&](std::size_t i) {
      batch.queries[i] = parties_.owner->encrypt(images.subspan(i * each, std::min(each, count - i * each)));
    });
  }

  void expand(Batch& batch) {
    const ckks::Context& context = *parties_.runner->context();
    batch.values.resize(batch.queries.size());
    for (const auto& query : batch.queries) message::check_keys(query, parties_.keys->key());
    if (!packed()) {
      batch.values.front() = runtime::expand(context, batch.queries.front(), &pool_);
      return;
    }
    pool_.parallel_for(batch.queries.size(),
                       [&](std::size_t i) { batch.values[i] = runtime::expand(context, batch.queries[i]); });
  }

  void evaluate(Batch& batch) {
    const std::size_t count = batch.values.size();
    batch.answers.resize(count);
    std::vector<double> spent(count);
    std::vector<std::vector<runtime::StageTime>> stages(count);
    for (std::size_t i = 0; i < count; ++i) batch.answers[i] = message::answer_to(batch.queries[i], {});
    const auto one = [&](std::size_t i) {
      const Stopwatch watch;
      batch.answers[i].ciphertexts =
          parties_.runner->run(parties_.keys, batch.values[i], {packed() ? nullptr : &pool_, &stages[i]});
      spent[i] = watch.seconds();
      batch.values[i] = {};
    };
    if (large_) {
      const Stopwatch watch;
      auto replies = parties_.runner->run_many(parties_.keys, batch.values, {&pool_, &stages[0]});
      for (std::size_t i = 0; i < count; ++i) {
        batch.answers[i].ciphertexts = std::move(replies[i]);
        spent[i] = watch.seconds() / static_cast<double>(count);
        stages[i] = stages[0];
      }
    } else if (packed()) {
      pool_.parallel_for(count, one);
    } else {
      one(0);
    }
    result_.query_seconds.insert(result_.query_seconds.end(), spent.begin(), spent.end());
    for (const auto& times : stages) add_stages(times);
  }

  void add_stages(const std::vector<runtime::StageTime>& times) {
    if (result_.stages.empty()) {
      result_.stages = times;
      return;
    }
    for (std::size_t s = 0; s < times.size(); ++s) result_.stages[s].seconds += times[s].seconds;
  }

  void decrypt(Batch& batch) {
    const std::size_t each = result_.client.images;
    const auto read = [&](std::size_t i, ThreadPool* pool) {
      auto readings = parties_.owner->read(batch.answers[i], message::ticket_of(batch.queries[i]), {}, pool);
      for (std::size_t k = 0; k < readings.size(); ++k) {
        const std::size_t image = batch.first + i * each + k;
        result_.logits[image] = std::move(readings[k].logits);
        result_.trust[image] = readings[k].trust;
      }
    };
    if (!packed()) return read(0, &pool_);
    pool_.parallel_for(batch.answers.size(), [&](std::size_t i) { read(i, nullptr); });
  }

  const std::vector<std::vector<float>>& images_;
  ThreadPool& pool_;
  std::size_t together_ = kQueriesTogether;
  bool large_ = false;  ///< packed, with weights that are transformed as they are met
  Parties parties_;
  EncryptedRun result_;
  std::set<std::pair<std::size_t, std::size_t>> weighed_;
};

}  // namespace

EncryptedRun run_encrypted(const nn::Graph& graph, const compile::CompileOptions& options,
                           const std::vector<std::vector<float>>& images, ThreadPool& pool, bool progress,
                           std::size_t together, const RunSteps& steps) {
  Run run(images, pool, together);
  run.set_up(graph, options);
  return run.run(progress, steps);
}

}  // namespace obscura::study
