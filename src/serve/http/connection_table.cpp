#include "serve/http/connection_table.h"

#include <sys/socket.h>

namespace obscura::serve {

namespace {

/// libmicrohttpd does not notice an end that comes together with the last bytes before it.
bool has_hung_up(int socket) {
  char next = 0;
  return ::recv(socket, &next, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

}  // namespace

bool ConnectionTable::admit(const std::string& counted) {
  std::size_t total = 0;
  {
    const std::lock_guard guard(lock_);
    const auto there = counts_.find(counted);
    const std::size_t own = there == counts_.end() ? 0 : there->second;
    if (total_ >= options_.max_connections || own >= options_.max_connections_an_address) return false;
    ++counts_[counted];
    total = ++total_;
  }
  if (options_.on_connections) options_.on_connections(total);
  return true;
}

void ConnectionTable::withdraw(const std::string& counted) {
  std::size_t total = 0;
  {
    const std::lock_guard guard(lock_);
    const auto there = counts_.find(counted);
    if (there == counts_.end()) return;
    if (--there->second == 0) counts_.erase(there);
    total = --total_;
  }
  if (options_.on_connections) options_.on_connections(total);
}

std::size_t ConnectionTable::count() const {
  const std::lock_guard guard(lock_);
  return total_;
}

Connection* ConnectionTable::opened(int socket, Peer peer, std::string counted) {
  auto connection = std::make_unique<Connection>();
  connection->socket = socket;
  connection->peer = std::move(peer);
  connection->counted = std::move(counted);
  connection->until = Clock::now() + options_.header_time;
  Connection* const place = connection.get();
  const std::lock_guard guard(lock_);
  open_.emplace(place, std::move(connection));
  return place;
}

void ConnectionTable::closed(Connection* connection) {
  std::string counted;
  {
    const std::lock_guard guard(lock_);
    counted = connection->counted;
    open_.erase(connection);
  }
  withdraw(counted);
}

void ConnectionTable::enter(Connection& connection, Phase phase, Clock::duration time) {
  const std::lock_guard guard(lock_);
  if (connection.phase == Phase::closing) return;
  connection.phase = phase;
  connection.until = Clock::now() + time;
  connection.arrived = 0;
}

void ConnectionTable::header_begins(Connection& connection) {
  enter(connection, Phase::header, options_.header_time);
}

void ConnectionTable::body_begins(Connection& connection) {
  enter(connection, Phase::body, options_.body_window);
}

void ConnectionTable::body_arrived(Connection& connection, std::size_t bytes) {
  const std::lock_guard guard(lock_);
  connection.arrived += bytes;
}

void ConnectionTable::working(Connection& connection) {
  enter(connection, Phase::working, {});
}

void ConnectionTable::sending(Connection& connection, std::uint64_t bytes) {
  const std::uint64_t seconds = bytes / std::max<std::size_t>(options_.least_body_rate, 1);
  enter(connection, Phase::sending, options_.body_window + std::chrono::seconds(seconds));
}

void ConnectionTable::idle(Connection& connection) {
  // That a header began is not told before its first line is whole.
  enter(connection, Phase::header, options_.idle_time);
}

bool ConnectionTable::late(Connection& connection, Clock::time_point now) {
  if (connection.phase == Phase::working || connection.phase == Phase::closing) return false;
  if (connection.phase == Phase::body && has_hung_up(connection.socket)) return true;
  if (now < connection.until) return false;
  if (connection.phase != Phase::body) return true;
  const double seconds = std::chrono::duration<double>(options_.body_window).count();
  if (static_cast<double>(connection.arrived) < seconds * static_cast<double>(options_.least_body_rate)) return true;
  connection.until = now + options_.body_window;
  connection.arrived = 0;
  return false;
}

void ConnectionTable::reap(Clock::time_point now) {
  const std::lock_guard guard(lock_);
  for (const auto& [place, connection] : open_) {
    if (!late(*connection, now)) continue;
    connection->phase = Phase::closing;
    ::shutdown(connection->socket, SHUT_RDWR);
  }
}

}  // namespace obscura::serve
