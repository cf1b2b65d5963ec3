#pragma once

#include <microhttpd.h>

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <unordered_set>
#include <vector>

#include "serve/http/connection_table.h"
#include "serve/http/exchange_core.h"
#include "serve/http/http_server.h"
#include "serve/http/lingerer.h"
#include "serve/http/listen.h"
#include "serve/http/poller.h"

namespace obscura::serve {

/// Requests that have begun and not ended. Thread-safe.
class ActiveExchanges {
 public:
  /// False once `cut` was called.
  bool insert(const std::shared_ptr<ExchangeCore>& core);
  void erase(const std::shared_ptr<ExchangeCore>& core);
  /// Whether none was left before `grace` was over.
  bool wait_empty(std::chrono::milliseconds grace);
  /// Drops all and takes no more.
  void cut();

 private:
  std::mutex lock_;
  std::condition_variable emptied_;
  std::unordered_set<std::shared_ptr<ExchangeCore>> active_;
  bool cut_ = false;
};

/// libmicrohttpd's daemons, each with a thread and its own connections. They listen at nothing: connections are handed
/// to them, because MHD_quiesce_daemon of 0.9.75 may abort the process when a worker notices at the same moment.
class Daemons {
 public:
  explicit Daemons(HttpServer::State& state) : state_(state) {}
  ~Daemons() { stop(); }
  /// Throws Error where libmicrohttpd refuses, with what it says.
  void start(const HttpOptions& options);
  /// Takes the socket over, which is closed where there is no room for it.
  bool add(Descriptor socket, const sockaddr* address, unsigned size);
  /// Closes all connections. None may be suspended.
  void stop();

 private:
  HttpServer::State& state_;
  std::vector<MHD_Daemon*> daemons_;
  std::size_t next_ = 0;
};

struct HttpServer::State {
  State(HttpOptions wanted, HttpHandler& handles);
  ~State();

  HttpOptions options;
  HttpHandler& handler;
  bool encrypted;
  ConnectionTable table;
  std::shared_ptr<BodyBudget> budget;
  ActiveExchanges active;
  std::atomic<bool> stopping = false;

  std::mutex accepting;  ///< of `listening`
  ListenSocket listening;
  std::uint64_t listening_watched = 0;
  std::uint16_t port;
  std::atomic<bool> stopped = false;

  Descriptor spare;  ///< given up for a moment where there are no others

  Poller poller;
  Lingerer lingerer;
  Daemons daemons;

  /// All connections that wait to be accepted, a few at a time.
  void accept_some();
  void turn_away_without_descriptors();
  void stop_listening();
};

/// One request on its connection, from its first line on: what libmicrohttpd keeps for us.
struct RequestSteps {
  HttpServer::State& state;
  Connection& connection;
  std::string target;  ///< as it came
  std::shared_ptr<ExchangeCore> core;
  enum class Step { head, body, handled } step = Step::head;
  std::optional<Reply> refusal;  ///< to be sent once the body has been read and dropped
  Admission admission;
  std::uint64_t dropped = 0;  ///< bytes of a body that nobody wants
  bool counted = false;       ///< among the active ones
};

/// libmicrohttpd's access handler, for one call.
MHD_Result continue_request(RequestSteps& steps, MHD_Connection* connection, const char* method, const char* version,
                            const char* data, std::size_t* size);
/// Reads the head as libmicrohttpd left it into steps.core->request. Throws FormatError (http/framing.h,
/// http/target.h).
void read_head(RequestSteps& steps, MHD_Connection* connection, const char* method, const char* version);
/// Bytes of it, from the first line on.
std::size_t header_bytes(MHD_Connection* connection);
/// Hands `reply` over to libmicrohttpd.
MHD_Result send_reply(RequestSteps& steps, MHD_Connection* connection, Reply reply);

}  // namespace obscura::serve
