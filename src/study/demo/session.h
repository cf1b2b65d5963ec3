#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/parallel.h"
#include "ckks/wire.h"
#include "compile/compile.h"
#include "nn/graph.h"
#include "owner/owner.h"
#include "runtime/server.h"

namespace obscura::study {

/// Does a part of the work and returns its seconds; may say what is being done.
using DemoStep = std::function<double(std::string_view what, const std::function<void()>& body)>;

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
  /// `step` does each part. The pool must outlive the session.
  DemoSession(const nn::Graph& graph, message::Mode mode, ThreadPool& pool, const DemoStep& step);

  const DemoSetup& setup() const { return setup_; }
  const message::ClientSpec& client() const { return owner_->client(); }
  const ckks::Context& context() const { return *owner_->context(); }

  /// Up to client().images preprocessed images; `step` does each side's part, if set.
  DemoExchange exchange(std::span<const std::vector<float>> images, const DemoStep& step = {}) const;

 private:
  ThreadPool* pool_;
  DemoSetup setup_;
  std::unique_ptr<owner::Owner> owner_;
  std::unique_ptr<runtime::Server> server_;
};

}  // namespace obscura::study
