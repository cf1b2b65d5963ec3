#pragma once

#include <atomic>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/parallel.h"
#include "runtime/runner.h"
#include "serve/service.h"

namespace obscura::serve {

/// A compiled program made ready. Thread-safe.
class Model {
 public:
  /// `matrix_memory` as runtime::make_runner has it.
  Model(std::string name, program::Program program, ThreadPool& pool, std::size_t matrix_memory);

  const ModelFacts& facts() const { return facts_; }
  ModelFacts& facts() { return facts_; }
  const runtime::Runner& runner() const { return *runner_; }
  const message::ClientSpec& client() const { return runner_->program().client; }
  const ckks::Digest& parameters() const { return runner_->context()->digest(); }
  const Bytes& spec() const { return spec_; }

  /// Seconds that a query takes here, learnt from those that were answered.
  double expected_seconds() const { return seconds_.load(std::memory_order_relaxed); }
  void took(double seconds);

 private:
  std::unique_ptr<runtime::Runner> runner_;
  Bytes spec_;
  ModelFacts facts_;
  std::atomic<double> seconds_{0.05};
};

/// Where a program lies, and what it is to be called.
struct ModelPlace {
  std::string name;
  std::filesystem::path program;
};

/// The programs of a folder: NAME/server.program, as `obscura compile --out FOLDER/NAME` leaves it, NAME.program, or
/// the folder itself where it is what compile made. Throws UsageError for a folder without one, saying what to do, and
/// for names that an address cannot have.
std::vector<ModelPlace> find_models(const std::filesystem::path& folder);

/// Whether a name can stand in a path as it is: 1 to 128 letters, digits, '.', '_', '-', not beginning with '.'.
bool is_plain_name(std::string_view name);

/// Bytes that no query for this client spec exceeds.
std::size_t max_query_bytes(const message::ClientSpec& client);

}  // namespace obscura::serve
