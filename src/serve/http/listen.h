#pragma once

#include <cstdint>
#include <string>

#include "serve/http/descriptor.h"
#include "serve/http/request.h"

struct sockaddr;

namespace obscura::serve {

struct ListenSocket {
  Descriptor socket;  ///< does not block
  std::uint16_t port = 0;
};

/// Listens at "127.0.0.1:8443", "[::1]:0", "localhost:80" or "[::]:8443" (IPv4 as well); port 0: the system chooses.
/// Throws UsageError for an address that is none, IoError where it cannot be had.
ListenSocket listen_at(const std::string& address);

/// Of the other end; `encrypted` is left false.
Peer peer_of(const sockaddr* address);

/// Whom connections are counted for: the address, of IPv6 the network of 64 bits that one customer has.
std::string counted_as(const sockaddr* address);

}  // namespace obscura::serve
