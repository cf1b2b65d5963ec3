#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

namespace obscura::serve {

/// How an HttpServer listens, and how much it bears.
struct HttpOptions {
  std::string listen = "127.0.0.1:8443";  ///< as listen_at takes it (http/listen.h)
  std::string certificate, key;           ///< PEM, as text; both or neither: without TLS
  unsigned threads = 2;                   ///< that speak with clients

  std::size_t max_connections = 1000;
  std::size_t max_connections_an_address = 500;
  std::size_t max_header_bytes = std::size_t{32} << 10;
  std::size_t max_bodies_in_flight = std::size_t{512} << 20;  ///< bytes, of all connections together

  std::chrono::milliseconds header_time{10'000};  ///< for a whole header, counted from its first line
  std::chrono::milliseconds idle_time{60'000};    ///< between an answer and the next header
  std::chrono::milliseconds body_window{10'000};  ///< in each of which a body brings so many bytes:
  std::size_t least_body_rate = 1 << 10;          ///< a second; answers must be taken as fast

  /// How many connections are open; from any thread.
  std::function<void(std::size_t)> on_connections;
};

}  // namespace obscura::serve
