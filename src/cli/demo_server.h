#pragma once

#include <cstddef>
#include <memory>

#include "base/parallel.h"
#include "ckks/keys.h"
#include "ckks/wire.h"
#include "runtime/runner.h"

namespace obscura::cli {

/// The demo's classifying side: a compiled network, and whatever bytes the owner sends. Neither this header nor its
/// .cpp sees the owner or a secret key; nothing but bytes goes in and out.
class DemoServer {
 public:
  /// The pool must outlive the server.
  DemoServer(compile::Program program, ThreadPool& pool);

  /// The owner's evaluation keys, once. Throws as ckks::read_evaluation_keys, MismatchError for those of other
  /// parameters.
  void take_keys(ckks::ByteSpan bytes);

  struct Reply {
    ckks::Bytes answer;
    double expand_seconds = 0;    ///< reading the query and growing it back from its seeds
    double evaluate_seconds = 0;  ///< running the network
  };
  /// Throws as runtime::read_query and Runner::run.
  Reply answer(ckks::ByteSpan query) const;

 private:
  std::unique_ptr<runtime::Runner> runner_;
  std::shared_ptr<const ckks::EvaluationKeys> keys_;
  ThreadPool* pool_;
};

}  // namespace obscura::cli
