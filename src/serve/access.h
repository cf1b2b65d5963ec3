#pragma once

#include <cstdint>
#include <string>

namespace obscura::serve {

/// What a token allows.
enum class Scope : std::uint8_t {
  infer = 1,   ///< what models are there, and queries to them
  keys = 2,    ///< evaluation keys: send, list and delete one's own
  search = 4,  ///< galleries
  metrics = 8  ///< load and latencies: nothing of a tenant
};
using Scopes = std::uint8_t;  ///< several, added up
inline constexpr Scopes kUserScopes = 1 | 2 | 4;
inline constexpr bool allows(Scopes scopes, Scope scope) {
  return (scopes & static_cast<Scopes>(scope)) != 0;
}

/// "infer,keys"; the inverse throws UsageError.
std::string to_string(Scopes scopes);
Scopes parse_scopes(const std::string& text);

/// What a front knows of who asks; nothing of it is verified.
struct Credentials {
  std::string bearer;      ///< the token, without "Bearer "; empty: none was sent
  bool encrypted = false;  ///< by TLS
  bool loopback = false;   ///< both ends are on this machine
  std::string peer;        ///< an address, for limits on wrong tokens
};

/// Who asks, verified.
struct Identity {
  std::int64_t tenant = 0;
  std::string tenant_name;
  std::string token;  ///< its id, for logs; not the token
  Scopes scopes = 0;
};

}  // namespace obscura::serve
