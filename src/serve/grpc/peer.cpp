#include "serve/grpc/peer.h"

#include <strings.h>

#include "serve/failure.h"

namespace obscura::serve::grpc_front {
namespace {

std::string without_escapes(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::string_view escape = text.substr(i, 3);
    if (::strncasecmp(escape.data(), "%5B", escape.size()) == 0 && escape.size() == 3) {
      plain += '[';
      i += 2;
    } else if (::strncasecmp(escape.data(), "%5D", escape.size()) == 0 && escape.size() == 3) {
      plain += ']';
      i += 2;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

}  // namespace

Peer parse_peer(std::string_view text) {
  if (text.starts_with("unix:") || text.starts_with("unix-abstract:")) return {"unix", true};
  if (text.starts_with("ipv4:")) {
    const std::string_view host = text.substr(5, text.rfind(':') - 5);
    return {std::string(host), host.starts_with("127.")};
  }
  if (text.starts_with("ipv6:")) {
    const std::string plain = without_escapes(text.substr(5));
    const auto end = plain.find(']');
    if (plain.starts_with('[') && end != std::string::npos) {
      const std::string host = plain.substr(1, end - 1);
      return {host, host == "::1" || host.starts_with("::ffff:127.")};
    }
  }
  return {std::string(text), false};
}

std::string bearer_of(std::string_view authorization) {
  constexpr std::string_view kScheme = "bearer ";
  if (authorization.size() >= kScheme.size() &&
      ::strncasecmp(authorization.data(), kScheme.data(), kScheme.size()) == 0) {
    const auto start = authorization.find_first_not_of(' ', kScheme.size());
    if (start != std::string_view::npos) {
      return std::string(authorization.substr(start, authorization.find_last_not_of(' ') + 1 - start));
    }
  }
  throw Failure(FailureCode::unauthenticated,
                "the authorization that was sent is not 'Bearer TOKEN': send a token of `obscura token create`");
}

}  // namespace obscura::serve::grpc_front
