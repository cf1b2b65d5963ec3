#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <variant>

#include "serve/http/exchange.h"
#include "serve/http/http_options.h"
#include "serve/http/reply.h"
#include "serve/http/request.h"

namespace obscura::serve {

/// A request that is let in.
struct Admission {
  std::uint64_t max_body = 0;  ///< bytes; 0: it has none
  /// Called once the whole body is here, on a thread that serves other clients, too: it should answer later, from
  /// elsewhere, if that takes long.
  std::function<void(std::shared_ptr<Exchange>)> run;
};

/// What is served. Its functions are called on several threads at the same time and must not block for long.
class HttpHandler {
 public:
  virtual ~HttpHandler() = default;
  /// What to do with a request whose head is here and whose body, if any, is not. A Reply refuses it: then the body is
  /// not read, and the connection ends with the reply where there is one.
  virtual std::variant<Reply, Admission> begin(const Request& request) = 0;
  /// The server refused a request by itself: malformed (then little of `request` may be set), too large, or too much at
  /// a time.
  virtual void refused(const Request& request, const Reply& reply) = 0;
};

/// HTTP/1.1 over TCP or TLS (1.2 and 1.3), by libmicrohttpd, which nothing else sees. It bears bad clients: those that
/// are slow, many, silent, gone, or wrong; and knows nothing of what it serves.
///
/// Errors that it finds itself have bodies as error_reply makes them, but for headers that libmicrohttpd refuses to
/// read (malformed or too large): those have a page of libmicrohttpd's, and the connection ends.
class HttpServer {
 public:
  /// Serves from then on. `handler` must outlive it. Throws UsageError for a wrong address, IoError where it cannot be
  /// listened at, Error for a certificate or key that is not taken.
  HttpServer(HttpOptions options, HttpHandler& handler);
  /// As stop without grace.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  std::uint16_t port() const;
  std::size_t connections() const;
  /// Bytes of bodies that are here.
  std::size_t bodies_in_flight() const;

  /// Takes no further connection and no further request, lets those that were begun end until `grace` is over, then
  /// closes all. A second call does nothing.
  void stop(std::chrono::milliseconds grace);

  struct State;

 private:
  std::unique_ptr<State> state_;
};

}  // namespace obscura::serve
