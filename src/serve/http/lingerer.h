#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>

#include "serve/http/descriptor.h"
#include "serve/http/poller.h"

namespace obscura::serve {

/// Closing a socket while bytes are still coming resets the connection, and the client may never see the answer that
/// refused them (RFC 9112, 9.6). So it is shut down for sending, what comes is read and dropped for a while, and then
/// it is closed. Thread-safe.
class Lingerer {
 public:
  explicit Lingerer(Poller& poller) : poller_(poller) {}
  ~Lingerer();

  /// Closes it at once where too many are lingering.
  void take(Descriptor socket);
  /// Closes those whose time is over.
  void tick();

 private:
  struct Lingering {
    Descriptor socket;
    std::uint64_t watched = 0;
    std::chrono::steady_clock::time_point until;
    std::uint64_t dropped = 0;
  };
  void drain(int number);
  void close(std::map<int, Lingering>::iterator at);

  Poller& poller_;
  std::mutex lock_;
  std::map<int, Lingering> open_;
};

}  // namespace obscura::serve
