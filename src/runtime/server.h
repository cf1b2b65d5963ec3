#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string_view>

#include "base/parallel.h"
#include "ckks/wire.h"
#include "runtime/answer.h"
#include "runtime/runner.h"

namespace obscura::runtime {

struct ServerOptions {
  std::size_t threads = 0;                           ///< 0: as many as the machine has
  std::size_t matrix_memory = kDefaultMemoryBudget;  ///< bytes of plaintexts that large matrices may keep ready
  std::size_t key_memory = std::size_t{8} << 30;     ///< bytes of expanded keys of all owners together
};

/// The side that holds no secret: a program made ready to run once, and the evaluation keys of as many owners as the
/// memory allows. Thread-safe: owners may come, ask and go at the same time, and share the threads evenly.
class Server {
 public:
  /// Encodes the program's matrices: seconds for a large network.
  explicit Server(program::Program program, const ServerOptions& options = {});

  /// What owners need to make keys and queries.
  const message::ClientSpec& client() const { return runner_->program().client; }
  const ckks::ContextPtr& context() const { return runner_->context(); }
  std::size_t threads() const { return pool_.threads(); }

  /// Takes the evaluation keys of an owner, as the file that he sent, and tells his id. Where they and those of others
  /// take more than the budget, owners that have asked nothing for the longest time are forgotten. Throws as
  /// ckks::read_evaluation_keys, and MismatchError for keys of other parameters, keys that lack one that the program
  /// needs, or more than the budget alone.
  ckks::KeyId add_keys(ckks::ByteSpan file, std::string_view what = "evaluation keys");
  ckks::KeyId add_keys(const ckks::SeededEvaluationKeys& keys, std::string_view what = "evaluation keys");
  bool has_keys(const ckks::KeyId& owner) const;
  /// Whatever is being answered goes on to its end.
  void forget(const ckks::KeyId& owner);
  /// Bytes of expanded keys.
  std::size_t key_bytes() const;

  /// A query in, its answer out, as they travel. Throws as read_query and Runner::run, MismatchError for a query of an
  /// owner whose keys are not here, CancelledError once `stop` is asked for.
  ckks::Bytes answer(ckks::ByteSpan query, const std::stop_token& stop = {}, std::string_view what = "query");
  /// The same for a query that was read; `times` gets the time of every stage.
  message::Answer answer(message::Query query, const std::stop_token& stop = {},
                         std::vector<StageTime>* times = nullptr);

 private:
  using Keys = std::shared_ptr<const ckks::EvaluationKeys>;
  struct Owner {
    Keys keys;
    std::uint64_t last_asked = 0;
  };

  ckks::KeyId add_keys(const Keys& expanded, std::string_view what);
  void check_complete(const ckks::EvaluationKeys& keys, std::string_view what) const;
  Keys keys_of(const ckks::KeyId& owner);
  void make_room(const ckks::KeyId& newest);

  ThreadPool pool_;
  std::unique_ptr<Runner> runner_;
  std::size_t key_memory_;
  mutable std::mutex mutex_;  ///< of what follows
  std::map<ckks::KeyId, Owner> owners_;
  std::size_t key_bytes_ = 0;
  std::uint64_t clock_ = 0;  ///< counts keys and queries
};

}  // namespace obscura::runtime
