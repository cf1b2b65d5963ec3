#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "serve/http/http_options.h"
#include "serve/http/site.h"
#include "serve/service.h"

namespace obscura::serve {

struct RestOptions {
  HttpOptions http;
  /// Metrics and the status page need no token from this machine. To be switched off behind a proxy, for which all come
  /// from there.
  bool trust_loopback = true;
  /// The page at / and its files; then what is at / else is at /status alone. Nothing: there is none.
  std::shared_ptr<const Site> site;
  /// Hears a JSON object a call, without a line break, from any thread; it must not block for long. Empty: no log.
  std::function<void(std::string_view line)> access_log;
};

/// The service over HTTP: KServe v2 with the binary tensor extension (http/infer_form.h), evaluation keys, galleries,
/// metrics, a page for people who run it, and one for those who ask it. docs/service.md has the routes. Its handlers
/// wait for nothing that takes long: that runs in the service, and a client that has gone cancels its work there.
class RestFront {
 public:
  /// Listens when it returns. The service outlives it. Throws as HttpServer does: UsageError, IoError, Error.
  RestFront(Service& service, RestOptions options);
  /// As stop without grace.
  ~RestFront();
  RestFront(const RestFront&) = delete;
  RestFront& operator=(const RestFront&) = delete;

  /// That was asked for, or chosen where that was 0.
  std::uint16_t port() const;

  /// Takes no further request, lets those that were taken end until `grace` is over, then cancels them. Returns when
  /// none is left. Calls after the first do nothing.
  void stop(std::chrono::milliseconds grace);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace obscura::serve
