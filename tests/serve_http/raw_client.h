#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>

#include "serve/http/descriptor.h"

namespace obscura::serve {

/// What came back, taken apart; status 0: nothing, or no HTTP.
struct RawReply {
  int status = 0;
  std::string head, body;
  std::map<std::string, std::string> headers;  ///< names in lower case
};

/// A client that sends what bytes it is told: well-formed or not, at once or slowly.
class RawClient {
 public:
  explicit RawClient(std::uint16_t port);

  /// False: the other end does not take it any more.
  bool send(const std::string& bytes);
  /// One answer, of a connection that may have more. `head_only`: it answers HEAD.
  RawReply reply(bool head_only = false);
  /// All that comes until the connection ends, or nothing comes for `patience`.
  std::string all(std::chrono::milliseconds patience = std::chrono::seconds(20));
  /// Whether the other end closes within `patience`; what it sends before is dropped.
  bool ends(std::chrono::milliseconds patience = std::chrono::seconds(20));
  void hang_up() { socket_.reset(); }
  int socket() const { return socket_.get(); }

 private:
  bool more(std::chrono::milliseconds patience);

  Descriptor socket_;
  std::string there_;
};

/// GET of `path`, with more header lines (each ended by CR LF).
std::string get(const std::string& path, const std::string& more = "");
/// POST of `body` with its Content-Length.
std::string post(const std::string& path, const std::string& body, const std::string& more = "");

}  // namespace obscura::serve
