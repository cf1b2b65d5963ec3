#include "serve/grpc/grpc_front.h"

#include <google/protobuf/stubs/logging.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/impl/service_type.h>
#include <grpcpp/resource_quota.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <limits>
#include <mutex>

#include "serve/grpc/services.h"

namespace obscura::serve {
namespace {

/// What stands around a query in a message, and small calls.
constexpr std::size_t kSlackBytes = std::size_t{64} << 10;
/// gRPC's own limit, which chunks of keys and queries to galleries need at least.
constexpr std::size_t kLeastMessageBytes = std::size_t{4} << 20;

std::shared_ptr<grpc::ServerCredentials> credentials_of(const GrpcOptions& options) {
  if (options.certificate.empty() != options.key.empty()) {
    throw UsageError("TLS needs a certificate and its key: one of them is missing");
  }
  if (options.certificate.empty()) return grpc::InsecureServerCredentials();
  grpc::SslServerCredentialsOptions tls(GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE);
  tls.pem_key_cert_pairs.push_back({options.key, options.certificate});
  return grpc::SslServerCredentials(tls);
}

void set_limits(grpc::ServerBuilder& builder, const Service& service, const GrpcOptions& options) {
  const std::size_t most = options.max_message_bytes != 0
                               ? options.max_message_bytes
                               : std::max(service.max_infer_bytes() + kSlackBytes, kLeastMessageBytes);
  builder.SetMaxReceiveMessageSize(static_cast<int>(std::min<std::size_t>(most, std::numeric_limits<int>::max())));
  builder.SetMaxSendMessageSize(-1);  // answers are ours
  grpc::ResourceQuota quota("obscura");
  quota.Resize(options.memory_bytes);
  builder.SetResourceQuota(quota);
  // Ciphertexts do not compress, and what does might unfold to gigabytes.
  builder.SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_DEFLATE, false);
  builder.SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_GZIP, false);
  const auto set = [&](const char* name, int value) { builder.AddChannelArgument(name, value); };
  set(GRPC_ARG_MAX_CONCURRENT_STREAMS, options.max_streams);
  set(GRPC_ARG_MAX_METADATA_SIZE, 16 << 10);
  set(GRPC_ARG_KEEPALIVE_TIME_MS, options.keepalive_ms);
  set(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, options.keepalive_timeout_ms);
  set(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 10'000);
  set(GRPC_ARG_MAX_CONNECTION_IDLE_MS, options.idle_ms);
  set(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, 10'000);
  // Two servers on one port would each get some of the connections, without either of them saying so.
  set(GRPC_ARG_ALLOW_REUSEPORT, 0);
}

}  // namespace

struct GrpcFront::State {
  State(Service& service, const GrpcOptions& options)
      : shared{service, !options.certificate.empty(), options.access_log} {}

  grpc_front::Shared shared;
  std::vector<std::unique_ptr<grpc::Service>> services;
  std::unique_ptr<grpc::Server> server;
  int port = 0;
  std::once_flag stopped;
};

GrpcFront::GrpcFront(Service& service, const GrpcOptions& options) : state_(std::make_unique<State>(service, options)) {
  const auto credentials = credentials_of(options);
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  grpc::ServerBuilder builder;
  set_limits(builder, service, options);
  builder.AddListeningPort(options.address, credentials, &state_->port);
  const auto& shared = state_->shared;
  state_->services.push_back(grpc_front::make_inference_service(shared));
  state_->services.push_back(grpc_front::make_keys_service(shared));
  state_->services.push_back(grpc_front::make_search_service(shared));
  state_->services.push_back(grpc_front::make_specs_service(shared));
  for (const auto& calls : state_->services) builder.RegisterService(calls.get());
  state_->server = builder.BuildAndStart();
  if (state_->server == nullptr) {
    throw IoError("cannot listen on '" + options.address + "' for gRPC: is the port another program's" +
                  (shared.encrypted ? ", or are certificate and key not a pair of PEM files?" : "?"));
  }
  if (auto* health = state_->server->GetHealthCheckService()) health->SetServingStatus(service.ready());
}

GrpcFront::~GrpcFront() {
  if (state_->server != nullptr) stop(0);
}

int GrpcFront::port() const {
  return state_->port;
}

void GrpcFront::stop(int grace_ms) {
  std::call_once(state_->stopped, [&] {
    if (auto* health = state_->server->GetHealthCheckService()) health->SetServingStatus(false);
    state_->shared.draining.request_stop();
    state_->server->Shutdown(std::chrono::system_clock::now() + std::chrono::milliseconds(grace_ms));
    state_->server->Wait();
  });
}

void quiet_grpc() {
  ::setenv("GRPC_VERBOSITY", "NONE", 0);
  google::protobuf::SetLogHandler(nullptr);
}

}  // namespace obscura::serve
