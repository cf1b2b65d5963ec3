#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/printable.h"
#include "ckks/wire.h"

namespace obscura::remote {

/// JSON of a server, which nobody has checked: bytes that are none, deeper than 16 or no object are refused, a field
/// that is missing or of another type, or longer than it may be, too; others are not looked at. What is wrong is a
/// RemoteError with code unexpected that names `what` and the field.
class JsonFields {
 public:
  JsonFields(ckks::ByteSpan bytes, std::string what);
  JsonFields(nlohmann::json object, std::string what);

  /// Of printable characters. Where it is missing, or null, `otherwise`, if there is one.
  std::string text(const char* name, std::optional<std::string> otherwise = {}, std::size_t most = 256) const;
  std::uint64_t count(const char* name, std::optional<std::uint64_t> otherwise = {}) const;
  std::vector<std::string> texts(const char* name) const;
  JsonFields object(const char* name) const;
  /// Objects of a list, of so many at most.
  std::vector<JsonFields> objects(const char* name, std::size_t most) const;
  const nlohmann::json& json() const { return object_; }

  [[noreturn]] void fail(const std::string& problem) const;

 private:
  const nlohmann::json* find(const char* name, bool required) const;
  nlohmann::json object_;
  std::string what_;
};

/// The object in these bytes; nothing where they are none.
std::optional<nlohmann::json> read_object(ckks::ByteSpan bytes);

using obscura::printable;

}  // namespace obscura::remote
