#include "nn/onnx_chunks.h"

#include <fmt/format.h>

#include <charconv>
#include <string_view>

#include "base/error.h"

namespace obscura::nn {
namespace {

[[noreturn]] void refuse(const std::string& text) {
  throw FormatError(
      fmt::format("metadata '{}' is '{}', expected how pictures are cut, width x height, as 28x28 of 112x112",
                  kChunksKey, text.substr(0, 100)));
}

/// Takes a number from the front of `rest`, then `behind`.
std::size_t take(std::string_view& rest, std::string_view behind, const std::string& text) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), value);
  if (error != std::errc() || value == 0 || value > kMaxChunks) refuse(text);
  rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
  if (!rest.starts_with(behind)) refuse(text);
  rest.remove_prefix(behind.size());
  return value;
}

}  // namespace

std::string chunks_metadata(const Chunking& cut) {
  std::string text = fmt::format("{}x{} of {}x{}", cut.width, cut.height, cut.picture.width, cut.picture.height);
  if (cut.kept != 0) text += fmt::format(" kept {}", cut.kept);
  return text;
}

Chunking parse_chunks(const std::string& text, const Shape& chunk) {
  std::string_view rest = text;
  Chunking cut;
  // Numbers that no file calls an image are taken for one channel, and compared with the input when that is known.
  const bool flat = chunk.height == 1 && chunk.width == 1;
  cut.picture.channels = flat ? 1 : chunk.channels;
  if (rest.starts_with("of ")) {
    rest.remove_prefix(3);
    cut.height = chunk.height;
    cut.width = chunk.width;
  } else {
    cut.width = take(rest, "x", text);
    cut.height = take(rest, " of ", text);
  }
  cut.picture.width = take(rest, "x", text);
  cut.picture.height = take(rest, "", text);
  if (!rest.empty()) {
    if (!rest.starts_with(" kept ")) refuse(text);
    rest.remove_prefix(6);
    cut.kept = take(rest, "", text);
  }
  if (!rest.empty()) refuse(text);
  try {
    check_chunking(cut);
  } catch (const ParameterError& e) {
    throw FormatError(fmt::format("metadata '{}': {}", kChunksKey, e.what()));
  }
  return cut;
}

bool parse_histogram(const std::string& text) {
  if (text == "equalise" || text == "none") return text == "equalise";
  throw FormatError(fmt::format("metadata '{}' is '{}', expected equalise or none", kHistogramKey, text.substr(0, 40)));
}

}  // namespace obscura::nn
