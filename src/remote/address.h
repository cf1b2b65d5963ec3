#pragma once

#include <string>

namespace obscura::remote {

/// Where a server is.
struct Address {
  std::string url;         ///< "https://example.org/base": nothing behind it, no "/" either
  std::string host;        ///< as the URL has it
  bool encrypted = false;  ///< https
  bool loopback = false;   ///< this machine: "localhost", 127.0.0.0/8 or ::1
};

/// Of http://HOST[:PORT][/BASE] or https://... . Throws UsageError for anything else: another scheme, a user, a query.
Address parse_address(const std::string& url);

/// Throws UsageError for a token that is none (letters, digits and marks of ASCII, 1,024 at most), and for one that
/// would go over a network in the clear: with plain http only to this machine. An empty token is none, and goes.
void check_token(const Address& address, const std::string& token);

/// A name as a part of a path: all but letters, digits, "-", ".", "_" and "~" as %XX.
std::string path_part(const std::string& name);

}  // namespace obscura::remote
