#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_map>

#include "serve/http/descriptor.h"

namespace obscura::serve {

/// One thread that hears of sockets that libmicrohttpd does not look at: the one that is listened at, those whose
/// requests are being worked on, and those that are being closed. Thread-safe.
class Poller {
 public:
  using Hears = std::function<void()>;

  /// Throws IoError where the system has no more descriptors.
  Poller();
  ~Poller() { stop(); }
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;

  /// Calls `tick` about ten times a second from then on. Both it and what `watch` was given must not throw or block.
  void start(Hears tick);
  /// Returns when nothing is called any more.
  void stop();

  enum class For { input, hangup_once };
  /// Calls `hears` while there is something to read, or once when the other end hangs up. Returns 0 where the system
  /// refuses. `hears` may still be running, or be called once more, when `forget` returns.
  std::uint64_t watch(int socket, For what, Hears hears);
  /// To be called before `socket` is closed.
  void forget(int socket, std::uint64_t watched);

 private:
  void run();
  void heard(std::uint64_t watched);

  Hears tick_;
  Descriptor epoll_, wake_;
  std::mutex lock_;
  std::unordered_map<std::uint64_t, std::shared_ptr<Hears>> watched_;
  std::uint64_t last_ = 0;
  std::thread thread_;
};

}  // namespace obscura::serve
