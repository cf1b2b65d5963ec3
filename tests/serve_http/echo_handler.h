#pragma once

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <string>
#include <vector>

#include "serve/http/http_server.h"
#include "serve/http/static_reply.h"

namespace obscura::serve {

/// What HttpServer is tested with. /echo answers with the body, /later when it is told to, /file with a file, /lost
/// never.
class EchoHandler : public HttpHandler {
 public:
  std::atomic<int> begun = 0, ran = 0, refusals = 0;
  std::uint64_t max_body = 1 << 20;
  std::filesystem::path file;

  std::variant<Reply, Admission> begin(const Request& request) override {
    ++begun;
    const std::string path = request.path_text();
    if (path == "/throws") throw std::runtime_error("on purpose");
    if (path == "/secret") return error_reply(401, "unauthenticated", "who are you?");
    const bool body = request.method == "POST" || request.method == "PUT";
    return Admission{body ? max_body : 0, [this, path](std::shared_ptr<Exchange> exchange) {
                       ++ran;
                       run(path, std::move(exchange));
                     }};
  }
  void refused(const Request&, const Reply&) override { ++refusals; }

  /// The exchange of the first request for /later, once it is there.
  std::shared_ptr<Exchange> later() {
    std::unique_lock guard(lock_);
    came_.wait_for(guard, std::chrono::seconds(60), [this] { return !later_.empty(); });
    if (later_.empty()) return nullptr;
    auto first = std::move(later_.front());
    later_.erase(later_.begin());
    return first;
  }

 private:
  void run(const std::string& path, std::shared_ptr<Exchange> exchange) {
    if (path == "/later") {
      const std::lock_guard guard(lock_);
      later_.push_back(std::move(exchange));
      came_.notify_all();
    } else if (path == "/file") {
      exchange->answer(static_reply(exchange->request(), file, "tag", "application/octet-stream"));
    } else if (path == "/fails") {
      throw std::runtime_error("on purpose");
    } else if (path != "/lost") {
      exchange->answer(Reply(200, "text/plain", exchange->take_body()));
    }
  }

  std::mutex lock_;
  std::condition_variable came_;
  std::vector<std::shared_ptr<Exchange>> later_;
};

inline HttpOptions test_options() {
  HttpOptions options;
  options.listen = "127.0.0.1:0";
  return options;
}

}  // namespace obscura::serve
