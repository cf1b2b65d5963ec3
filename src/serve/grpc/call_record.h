#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "serve/grpc/peer.h"
#include "serve/service.h"

namespace obscura::serve::grpc_front {

/// What all calls of a front share.
struct Shared {
  Service& service;
  bool encrypted = false;
  std::function<void(std::string_view line)> access_log;
  std::stop_source draining = {};  ///< asked to stop: calls that wait for their client end
};

/// One call from its start to its end, for metrics and the access log. Not thread-safe: a call has one thread at a
/// time.
class CallRecord {
 public:
  /// `call`: of a fixed list ("infer", "keys", ...), as metrics want it.
  CallRecord(const Shared& shared, std::string_view call, std::string_view peer);

  /// Who asks, by the value of `authorization` in the call's metadata, if any. Throws Failure.
  Identity admit(std::optional<std::string_view> authorization, Scope scope);

  /// Names the model for metrics and log, if there is such a one.
  void name_model(const std::string& model);
  void received(std::uint64_t bytes) { received_ += bytes; }
  void sent(std::uint64_t bytes) { sent_ += bytes; }

  /// Counts and logs the end, once; throws nothing.
  void end(const Failure* failure) noexcept;

 private:
  std::string line(const Failure* failure, double seconds) const;

  const Shared* shared_;
  std::string_view call_;
  Peer peer_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::string model_, tenant_, token_;
  std::uint64_t received_ = 0, sent_ = 0;
};

}  // namespace obscura::serve::grpc_front
