#pragma once

#include <string>
#include <string_view>

/// Who is at the other end, from what gRPC says of it. Thread-safe.
namespace obscura::serve::grpc_front {

struct Peer {
  std::string address;  ///< without a port: the next connection of the same client has another
  bool loopback = false;
};
/// Of "ipv4:127.0.0.1:50000", "ipv6:[::1]:50000" (or with %5B and %5D for the brackets), "unix:..." and the like. What
/// is none of these is taken whole, and is not loopback.
Peer parse_peer(std::string_view text);

/// The token of "Bearer TOKEN", whose first word may be in any case. Throws Failure, unauthenticated, for another
/// scheme and for what holds no token.
std::string bearer_of(std::string_view authorization);

}  // namespace obscura::serve::grpc_front
