#include "serve/http/listen.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <system_error>

#include "base/error.h"

namespace obscura::serve {

namespace {

constexpr int kBacklog = 1024;

struct Place {
  std::string host, port;
};

Place place_of(const std::string& address) {
  const std::size_t colon = address.rfind(':');
  Place place{colon == std::string::npos ? "" : address.substr(0, colon),
              colon == std::string::npos ? "" : address.substr(colon + 1)};
  if (place.host.size() > 2 && place.host.front() == '[' && place.host.back() == ']') {
    place.host = place.host.substr(1, place.host.size() - 2);
  } else if (place.host.find(':') != std::string::npos) {
    place.host.clear();
  }
  const bool digits = std::all_of(place.port.begin(), place.port.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (place.host.empty() || place.port.empty() || place.port.size() > 5 || !digits || std::stoi(place.port) > 65535) {
    throw UsageError("'" + address + "' is no address to listen at: give one like 127.0.0.1:8443 or [::1]:8443");
  }
  return place;
}

using Addresses = std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)>;

Addresses resolve(const Place& place, const std::string& address) {
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(place.host.c_str(), place.port.c_str(), &wanted, &found);
  if (error != 0) throw UsageError("'" + address + "' is no address to listen at: " + ::gai_strerror(error));
  return Addresses(found, &::freeaddrinfo);
}

Descriptor bound(const addrinfo& at) {
  Descriptor socket(::socket(at.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return socket;
  const int on = 1, off = 0;
  ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (at.ai_family == AF_INET6) ::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
  const bool done = ::bind(socket.get(), at.ai_addr, at.ai_addrlen) == 0 && ::listen(socket.get(), kBacklog) == 0;
  return done ? std::move(socket) : Descriptor();
}

std::uint16_t port_of(int socket) {
  sockaddr_storage at{};
  socklen_t size = sizeof(at);
  ::getsockname(socket, reinterpret_cast<sockaddr*>(&at), &size);
  if (at.ss_family == AF_INET6) return ntohs(reinterpret_cast<const sockaddr_in6&>(at).sin6_port);
  return ntohs(reinterpret_cast<const sockaddr_in&>(at).sin_port);
}

/// IPv4 within IPv6 counts as IPv4.
std::optional<in_addr> ipv4_of(const sockaddr* address) {
  if (address->sa_family == AF_INET) return reinterpret_cast<const sockaddr_in*>(address)->sin_addr;
  if (address->sa_family != AF_INET6) return std::nullopt;
  const in6_addr& wide = reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr;
  if (!IN6_IS_ADDR_V4MAPPED(&wide)) return std::nullopt;
  in_addr narrow{};
  std::memcpy(&narrow, wide.s6_addr + 12, 4);
  return narrow;
}

std::string text_of(int family, const void* address) {
  char text[INET6_ADDRSTRLEN] = "";
  ::inet_ntop(family, address, text, sizeof(text));
  return text;
}

}  // namespace

ListenSocket listen_at(const std::string& address) {
  const Addresses found = resolve(place_of(address), address);
  int error = 0;
  for (const addrinfo* at = found.get(); at != nullptr; at = at->ai_next) {
    if (Descriptor socket = bound(*at)) {
      const std::uint16_t port = port_of(socket.get());
      return {std::move(socket), port};
    }
    error = errno;
  }
  throw IoError("cannot listen at " + address + ": " + std::generic_category().message(error));
}

Peer peer_of(const sockaddr* address) {
  Peer peer;
  if (address == nullptr) return peer;
  if (const auto narrow = ipv4_of(address)) {
    peer.address = text_of(AF_INET, &*narrow);
    peer.loopback = (ntohl(narrow->s_addr) >> 24) == 127;
  } else if (address->sa_family == AF_INET6) {
    const in6_addr& wide = reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr;
    peer.address = text_of(AF_INET6, &wide);
    peer.loopback = IN6_IS_ADDR_LOOPBACK(&wide);
  }
  return peer;
}

std::string counted_as(const sockaddr* address) {
  if (address == nullptr || ipv4_of(address) || address->sa_family != AF_INET6) return peer_of(address).address;
  in6_addr network = reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr;
  std::fill(network.s6_addr + 8, network.s6_addr + 16, std::uint8_t{0});
  return text_of(AF_INET6, &network);
}

}  // namespace obscura::serve
