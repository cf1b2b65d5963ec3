#include "remote/http.h"

#include <mutex>
#include <utility>

#include "base/error.h"
#include "base/file_stream.h"
#include "base/stopwatch.h"
#include "remote/transfer.h"

namespace obscura::remote {
namespace {

void start_curl() {
  static const bool ready = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  if (!ready) throw IoError("libcurl does not start");
}

}  // namespace

/// Connections that nobody uses right now.
struct HttpClient::Pool {
  std::unique_ptr<Handle> take() {
    const std::lock_guard lock(mutex);
    if (idle.empty()) return std::make_unique<Handle>();
    auto handle = std::move(idle.back());
    idle.pop_back();
    return handle;
  }
  void give(std::unique_ptr<Handle> handle) {
    const std::lock_guard lock(mutex);
    idle.push_back(std::move(handle));
  }
  void count(const Transfer& transfer, double seconds) {
    const std::lock_guard lock(mutex);
    traffic.up += transfer.sent(), traffic.down += transfer.received(), traffic.seconds += seconds;
  }

  std::mutex mutex;
  std::vector<std::unique_ptr<Handle>> idle;
  Traffic traffic;
};

HttpClient::HttpClient(Address address, std::string token, HttpOptions options)
    : address_(std::move(address)),
      token_(std::move(token)),
      options_(std::move(options)),
      pool_(std::make_unique<Pool>()) {
  check_token(address_, token_);
  if (!options_.ca_file.empty()) read_start(options_.ca_file, 1);
  start_curl();
}

HttpClient::~HttpClient() = default;

Response HttpClient::send(const Request& request, const std::stop_token& stop, const BodySink& sink) {
  auto handle = pool_->take();
  Transfer transfer(address_, token_, options_, request, sink);
  const Stopwatch watch;
  try {
    auto response = transfer.run(*handle, stop);
    pool_->count(transfer, watch.seconds());
    pool_->give(std::move(handle));
    return response;
  } catch (...) {
    pool_->count(transfer, watch.seconds());  // and the connection goes
    throw;
  }
}

Traffic HttpClient::traffic() const {
  const std::lock_guard lock(pool_->mutex);
  return pool_->traffic;
}

}  // namespace obscura::remote
