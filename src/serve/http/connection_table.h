#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "serve/http/http_options.h"
#include "serve/http/request.h"

namespace obscura::serve {

using Clock = std::chrono::steady_clock;

/// What a connection is doing, and until when it may.
enum class Phase { header, body, working, sending, closing };

/// One connection. All but the first four is the table's, under its lock.
struct Connection {
  int socket = -1;
  Peer peer;
  std::string counted;  ///< for whom (http/listen.h)
  bool linger = false;  ///< what is still coming is to be read and dropped before the socket is closed

  Phase phase = Phase::header;
  Clock::time_point until;    ///< of header and sending; of body the end of the window
  std::uint64_t arrived = 0;  ///< in this window of a body
};

/// Who is connected, how many, and who is too slow. Thread-safe.
class ConnectionTable {
 public:
  explicit ConnectionTable(const HttpOptions& options) : options_(options) {}

  /// Whether there is room for one more of `counted`, which then counts.
  bool admit(const std::string& counted);
  /// One that was admitted did not come to be, or has gone.
  void withdraw(const std::string& counted);
  std::size_t count() const;

  /// The connection stays until `closed`; its socket must not be closed before.
  Connection* opened(int socket, Peer peer, std::string counted);
  void closed(Connection* connection);

  void header_begins(Connection& connection);
  void body_begins(Connection& connection);
  void body_arrived(Connection& connection, std::size_t bytes);
  void working(Connection& connection);
  void sending(Connection& connection, std::uint64_t bytes);
  void idle(Connection& connection);

  /// Ends connections that were too slow: their sockets are shut down, which libmicrohttpd hears.
  void reap(Clock::time_point now);

 private:
  void enter(Connection& connection, Phase phase, Clock::duration time);
  bool late(Connection& connection, Clock::time_point now);

  const HttpOptions& options_;
  mutable std::mutex lock_;
  std::unordered_map<Connection*, std::unique_ptr<Connection>> open_;
  std::map<std::string, std::size_t> counts_;
  std::size_t total_ = 0;
};

}  // namespace obscura::serve
