#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "serve/http/descriptor.h"
#include "serve/http/request.h"

namespace obscura::serve {

/// A part of an open file.
struct FilePart {
  Descriptor file;
  std::uint64_t offset = 0, size = 0;
};

/// An answer. Content-Length, Date and Connection are added where it is sent.
struct Reply {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers;
  std::variant<std::vector<std::uint8_t>, FilePart> body;
  bool close = false;  ///< the connection ends with it
  std::string code;    ///< of a failure, for logs; not sent

  Reply() = default;
  /// With a body of `type`.
  Reply(int status, std::string type, std::vector<std::uint8_t> body);
  Reply(int status, std::string type, std::string_view body);

  std::uint64_t size() const;
  /// For those who make one step by step.
  Reply& add(std::string name, std::string value);
};

/// {"error": sentence, "code": code}: what clients of the protocol expect of every failure. Text that is not UTF-8 is
/// replaced.
Reply error_reply(int status, std::string_view code, std::string_view sentence);

}  // namespace obscura::serve
