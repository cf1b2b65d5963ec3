#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <stop_token>

namespace obscura::serve {

/// How a job is called off: by the client, its deadline or the end of the service. One stop token for all of them.
class Work : public std::enable_shared_from_this<Work> {
 public:
  Work(const std::stop_token& client, const std::stop_token& service)
      : client_(client, Ask{this}), service_(service, Ask{this}) {}

  std::stop_token token() const { return source_.get_token(); }
  void expire() {
    expired_ = true;
    source_.request_stop();
  }
  bool expired() const { return expired_; }

 private:
  struct Ask {
    Work* work;
    void operator()() const { work->source_.request_stop(); }
  };
  std::stop_source source_;
  std::atomic<bool> expired_{false};
  std::stop_callback<Ask> client_, service_;
};

}  // namespace obscura::serve
