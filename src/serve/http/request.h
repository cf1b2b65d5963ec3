#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace obscura::serve {

/// The fields of a header in the order in which they came. Names are compared without regard to case.
class Headers {
 public:
  void add(std::string name, std::string value) { fields_.emplace_back(std::move(name), std::move(value)); }
  /// The first field of that name; nothing: there is none.
  std::optional<std::string_view> get(std::string_view name) const;
  std::size_t count(std::string_view name) const;
  const std::vector<std::pair<std::string, std::string>>& fields() const { return fields_; }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

/// Equal but for the case of ASCII letters.
bool equal_ignoring_case(std::string_view a, std::string_view b);

/// The other end of a connection.
struct Peer {
  std::string address;     ///< "127.0.0.1", "2001:db8::1": without the port
  bool loopback = false;   ///< on this machine
  bool encrypted = false;  ///< by TLS
};

/// What stands before a body, checked.
struct Request {
  std::string method;             ///< "GET": case counts
  std::vector<std::string> path;  ///< between slashes, decoded: "/v2/models" is {"v2", "models"}
  std::vector<std::pair<std::string, std::string>> query;
  Headers headers;
  Peer peer;
  std::optional<std::uint64_t> content_length;  ///< of the body, as declared
  bool chunked = false;                         ///< the body comes in pieces that say their sizes

  bool has_body() const { return chunked || content_length.value_or(0) > 0; }
  /// "/v2/models", for sentences and logs.
  std::string path_text() const;
};

}  // namespace obscura::serve
