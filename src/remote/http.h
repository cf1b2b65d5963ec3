#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "ckks/wire.h"
#include "remote/address.h"

namespace obscura::remote {

using Clock = std::chrono::steady_clock;

struct Request {
  std::string method = "GET";        ///< GET, POST, PUT or DELETE
  std::string path;                  ///< below the server's URL: "/v2/models"
  std::vector<std::string> headers;  ///< "Name: value"
  std::vector<ckks::ByteSpan> body;  ///< one behind the other; of POST and PUT
  std::size_t most_bytes = 0;        ///< of an answer's body; more is an error
  /// The server computes before it answers: only the deadline ends the waiting for its first byte.
  bool patient = false;
  Clock::time_point deadline = Clock::time_point::max();
};

struct Response {
  int status = 0;
  std::map<std::string, std::string> headers;  ///< names in lower case; of one that comes twice, the last
  ckks::Bytes body;

  std::string header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? std::string() : found->second;
  }
};

/// Takes the body of an answer with status 200 or 206 piece by piece, in the place of Response::body; `head`: status
/// and headers. May throw.
using BodySink = std::function<void(const Response& head, ckks::ByteSpan piece)>;

/// What went and came, bodies alone, and how long calls took from the first byte to the last.
struct Traffic {
  std::uint64_t up = 0, down = 0;
  double seconds = 0;
};

struct HttpOptions {
  std::filesystem::path ca_file;  ///< certificates that are trusted, PEM; empty: the system's
  int connect_ms = 10'000;
  int stall_ms = 30'000;  ///< without a byte while bytes should come or go
};

/// A client of one server, HTTP/1.1 by libcurl, with or without TLS (1.2 or later, the certificate checked). Follows no
/// redirection, so that a token goes nowhere else. Keeps connections for later calls. Thread-safe: calls that come at
/// the same time have a connection each.
class HttpClient {
 public:
  /// Throws IoError for a file of certificates that cannot be read.
  HttpClient(Address address, std::string token, HttpOptions options);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  const Address& address() const { return address_; }

  /// One exchange, whatever the status. Throws RemoteError with code unreachable, untrusted or unexpected,
  /// CancelledError within 100 ms of `stop`, and what the sink throws.
  Response send(const Request& request, const std::stop_token& stop = {}, const BodySink& sink = {});

  /// Of all calls so far.
  Traffic traffic() const;

 private:
  struct Pool;
  Address address_;
  std::string token_;
  HttpOptions options_;
  std::unique_ptr<Pool> pool_;
};

}  // namespace obscura::remote
