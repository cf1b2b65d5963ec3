#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "base/parallel.h"
#include "ckks/wire.h"
#include "cli/demo/demo_console.h"
#include "compile/program.h"
#include "nn/graph.h"
#include "owner/owner.h"
#include "runtime/server.h"

namespace obscura::cli {

/// What making the two sides ready took.
struct DemoSetup {
  double compile_seconds = 0;
  double keygen_seconds = 0;
  double server_seconds = 0;  ///< reading the keys, encoding the network's matrices
  std::size_t key_bytes = 0;  ///< evaluation keys, sent once
};

/// A question and its answer, all the way round.
struct DemoExchange {
  std::vector<std::vector<double>> logits;
  double encrypt_seconds = 0, expand_seconds = 0, evaluate_seconds = 0, decrypt_seconds = 0;
  std::size_t query_bytes = 0, answer_bytes = 0;
  ckks::Bytes seen;  ///< as many bytes of the query, out of its ciphertext, as the image has pixels

  double total_seconds() const { return encrypt_seconds + expand_seconds + evaluate_seconds + decrypt_seconds; }
};

/// An owner with a fresh secret and a server without, for one layout of a network. What passes between them is bytes.
class DemoSession {
 public:
  /// Each step is announced. The pool must outlive the session.
  DemoSession(const nn::Graph& graph, compile::Mode mode, ThreadPool& pool, const Steps& step);

  const DemoSetup& setup() const { return setup_; }
  const compile::ClientSpec& client() const { return owner_->client(); }
  const ckks::Context& context() const { return *owner_->context(); }

  /// Up to client().images preprocessed images; with `step` each side's part is announced.
  DemoExchange exchange(std::span<const std::vector<float>> images, const Steps* step = nullptr) const;

 private:
  ThreadPool* pool_;
  DemoSetup setup_;
  std::unique_ptr<owner::Owner> owner_;
  std::unique_ptr<runtime::Server> server_;
};

}  // namespace obscura::cli
