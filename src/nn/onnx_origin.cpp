#include "nn/onnx_origin.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "base/error.h"

namespace obscura::nn {
namespace {

constexpr const char* kName = "obscura.original";
constexpr const char* kDigest = "obscura.original_sha256";
constexpr const char* kError = "obscura.fit_error";

}  // namespace

std::map<std::string, std::string> origin_metadata(const Origin& origin) {
  if (origin.name.empty()) return {};
  return {{kName, origin.name}, {kDigest, origin.sha256}, {kError, fmt::format("{}", origin.fit_error)}};
}

Origin parse_origin(const std::map<std::string, std::string>& metadata) {
  const auto text = [&](const char* key) {
    const auto found = metadata.find(key);
    return found == metadata.end() ? std::string() : found->second;
  };
  Origin origin{text(kName), text(kDigest), 0};
  if (origin.name.empty()) return {};
  if (origin.name.find_first_of("\r\n") != std::string::npos) {
    throw FormatError(std::string("metadata '") + kName + "' holds a line break");
  }
  if (origin.sha256.size() != 64 || origin.sha256.find_first_not_of("0123456789abcdef") != std::string::npos) {
    throw FormatError(std::string("metadata '") + kDigest + "' is no SHA-256 digest");
  }
  const std::string number = text(kError);
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), origin.fit_error);
  if (error != std::errc() || end != number.data() + number.size() || !std::isfinite(origin.fit_error) ||
      origin.fit_error < 0) {
    throw FormatError(std::string("metadata '") + kError + "' is no number of 0 or more");
  }
  return origin;
}

}  // namespace obscura::nn
