#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <vector>

#include "serve/http/poller.h"
#include "serve/http/reply.h"
#include "serve/http/request.h"

struct MHD_Connection;

namespace obscura::serve {

/// Bytes that all bodies together may take. Thread-safe.
class BodyBudget {
 public:
  explicit BodyBudget(std::size_t most) : most_(most) {}
  bool take(std::size_t bytes);
  void give_back(std::size_t bytes) { taken_ -= bytes; }
  std::size_t taken() const { return taken_; }

 private:
  std::size_t most_;
  std::atomic<std::size_t> taken_ = 0;
};

/// What handler and server share of a request. The server's thread for its connection fills it, hands it over and comes
/// back for the answer; while there is none, the connection is suspended ("parked") and its socket watched.
class ExchangeCore : public std::enable_shared_from_this<ExchangeCore> {
 public:
  ExchangeCore(Poller& poller, std::shared_ptr<BodyBudget> budget) : poller_(poller), budget_(std::move(budget)) {}
  ~ExchangeCore();

  Request request;
  std::vector<std::uint8_t> body;

  /// Counts so many bytes more of a body against the budget; false: there is no room.
  bool reserve(std::size_t bytes);
  void release();

  std::stop_token stop() const { return stop_.get_token(); }
  void answer(Reply reply);
  bool answered() const;

  /// On the connection's thread: suspends it until there is an answer. False: it is there already, or will never be
  /// wanted (`dropped`).
  bool park(MHD_Connection* connection, int socket);
  /// On the connection's thread: the answer. Nothing: the connection is to be closed.
  std::optional<Reply> take_reply();
  /// On the connection's thread: nobody will ask for an answer any more.
  void gone();
  /// The server does not wait any longer: the connection comes back without an answer.
  void drop();

 private:
  void wake();

  Poller& poller_;  // used only while parked, and so only while the server is there
  std::shared_ptr<BodyBudget> budget_;
  std::size_t reserved_ = 0;
  std::stop_source stop_;

  mutable std::mutex lock_;
  std::optional<Reply> reply_;
  bool has_reply_ = false, gone_ = false, dropped_ = false;
  MHD_Connection* parked_ = nullptr;
  int socket_ = -1;
  std::uint64_t watched_ = 0;
};

}  // namespace obscura::serve
