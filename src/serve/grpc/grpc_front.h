#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "serve/service.h"

namespace obscura::serve {

struct GrpcOptions {
  std::string address = "127.0.0.1:0";  ///< host:port, [host]:port or unix:PATH; port 0: one that is free
  std::string certificate, key;         ///< of TLS, PEM text (the chain first the server's own); both empty: plain
  std::size_t max_message_bytes = 0;    ///< of one request; 0: what service.max_infer_bytes() needs
  std::size_t memory_bytes = std::size_t{512} << 20;  ///< that gRPC may take for what is on its way
  int max_streams = 100;                              ///< calls at the same time on one connection
  int keepalive_ms = 60'000;                          ///< silence after which a client is asked whether it is there
  int keepalive_timeout_ms = 20'000;                  ///< for its answer
  int idle_ms = 600'000;                              ///< connections without a call are closed then
  /// Hears a JSON object a call, without a line break, from any thread; it must not block for long. Empty: no log.
  std::function<void(std::string_view line)> access_log;
};

/// gRPC and protobuf say nothing on standard error from then on, in the whole process: their lines are no JSON, a
/// client that sends text which is no UTF-8 would fill a log with them, and what counts is in the access log. For
/// programs; to be called before the first GrpcFront. $GRPC_VERBOSITY, where it is set, still counts.
void quiet_grpc();

/// The service over gRPC: inference.proto and obscura.proto, the standard health service and reflection. Its handlers
/// wait for nothing: what takes time runs in the service, and a client that has gone, or whose deadline is over,
/// cancels its work there.
class GrpcFront {
 public:
  /// Listens when it returns. The service outlives it. Throws UsageError for half of a certificate, IoError where the
  /// address cannot be listened on or gRPC refuses certificate and key.
  GrpcFront(Service& service, const GrpcOptions& options);
  /// As stop(0).
  ~GrpcFront();
  GrpcFront(const GrpcFront&) = delete;
  GrpcFront& operator=(const GrpcFront&) = delete;

  /// That was asked for, or chosen where that was 0; of unix: addresses without meaning.
  int port() const;

  /// Takes no further call, tells health checks so, lets calls end until `grace_ms` are over, then cancels them.
  /// Returns when none is left. Calls after the first do nothing. Thread-safe.
  void stop(int grace_ms);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace obscura::serve
