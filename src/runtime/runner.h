#pragma once

#include <functional>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "base/parallel.h"
#include "ckks/compact.h"
#include "ckks/encoder.h"
#include "ckks/evaluator.h"
#include "program/program.h"

namespace obscura::runtime {

/// What plaintexts of large matrices may take: with keys and ciphertexts a network stays below 8 GB.
inline constexpr std::size_t kDefaultMemoryBudget = std::size_t{2} << 30;

/// In the place of a budget, of a runner for one query (or few that come together): a stage is encoded when the run
/// comes to it and given up behind it. The least work and memory, and every run pays for the encoding.
inline constexpr std::size_t kOneQuery = 0;

/// What happened to one stage, for reports.
struct StageTime {
  std::string name;
  double seconds = 0;
};

/// How one run goes.
struct RunOptions {
  ThreadPool* pool = nullptr;               ///< whose threads it takes; none: the caller's alone
  std::vector<StageTime>* times = nullptr;  ///< gets the time of every stage
  std::stop_token stop = {};                ///< once asked for, CancelledError is thrown within a step of a stage
  /// Pictures in chunks, packed: hears how many groups of how many are done, between them.
  std::function<void(std::size_t done, std::size_t of)> on_groups = {};
  /// Hears what every stage made, as it is made and query by query, on the thread that asked: whoever holds the key can
  /// follow a run. Of pictures in chunks: stages behind the merge.
  std::function<void(std::size_t stage, std::span<const ckks::Ciphertext> value)> on_value = {};
};

/// A program made ready to run: matrices encoded, levels and scales fixed. Holds the server's side only: no secret key,
/// nothing that decrypts. Immutable once built; run() may be called from several threads at once.
class Runner {
 public:
  virtual ~Runner() = default;

  const program::Program& program() const { return program_; }
  const ckks::ContextPtr& context() const { return context_; }

  /// Of one query. Chunks and plain values are as in message::Query, and empty but of policy features.
  struct Inputs {
    std::vector<ckks::Ciphertext> ciphertexts;
    std::vector<std::int32_t> chunks;
    std::vector<float> plain;

    Inputs() = default;
    Inputs(std::vector<ckks::Ciphertext> all) : ciphertexts(std::move(all)) {}
  };
  using Replies = std::vector<ckks::CompactCiphertext>;  ///< of one answer

  /// One query in, one answer out: fresh ciphertexts, as many as message::check_contents wants, of client.input_limbs
  /// limbs and client.input_scale, client.replies() compact ciphertexts. Throws MismatchError for a query of another
  /// shape, or keys of another program.
  Replies run(const std::shared_ptr<const ckks::EvaluationKeys>& keys, const Inputs& query,
              const RunOptions& options = {}) const;

  /// Several queries together, which is cheaper for each where weights are transformed as they are met. All of one
  /// owner; `times` are of one query on average.
  virtual std::vector<Replies> run_many(const std::shared_ptr<const ckks::EvaluationKeys>& keys,
                                        std::span<const Inputs> queries, const RunOptions& options = {}) const = 0;

  /// Bytes of encoded matrices.
  virtual std::size_t memory_bytes() const = 0;

 protected:
  explicit Runner(program::Program program);
  void check_query(const Inputs& query) const;
  ckks::CompactCiphertext reply(const ckks::Ciphertext& result) const;

  program::Program program_;
  ckks::ContextPtr context_;
  ckks::Encoder encoder_;
};

/// Packed or batched, as the program says. Large matrices may keep `memory_budget` bytes of plaintexts ready; see
/// kOneQuery.
std::unique_ptr<Runner> make_runner(program::Program program, ThreadPool* pool = nullptr,
                                    std::size_t memory_budget = kDefaultMemoryBudget);

}  // namespace obscura::runtime
