#include "tensor/chunking.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <numeric>

#include "base/error.h"

namespace obscura {
namespace {

void check_picture(const Chunking& cut, std::size_t values) {
  if (values == cut.picture.size()) return;
  throw MismatchError(fmt::format("a picture of {} values, expected {}x{}x{} to cut into chunks", values,
                                  cut.picture.channels, cut.picture.height, cut.picture.width));
}

void check_chunk(const Chunking& cut, std::size_t values) {
  if (values == cut.chunk().size()) return;
  throw MismatchError(
      fmt::format("a chunk of {} values, expected {}x{}x{}", values, cut.picture.channels, cut.height, cut.width));
}

}  // namespace

void check_chunking(const Chunking& cut) {
  const Shape& picture = cut.picture;
  if (cut.height == 0 || cut.width == 0 || picture.size() == 0) throw ParameterError("a chunk without pixels");
  if (cut.height > picture.height || cut.width > picture.width) {
    throw ParameterError(fmt::format("chunks of {}x{} (width x height) are larger than the picture of {}x{}", cut.width,
                                     cut.height, picture.width, picture.height));
  }
  if (cut.rows() > kMaxChunks || cut.columns() > kMaxChunks || cut.count() > kMaxChunks) {
    throw ParameterError(
        fmt::format("a picture of {}x{} in chunks of {}x{} is {} chunks, at most {} are possible: "
                    "take larger chunks",
                    picture.width, picture.height, cut.width, cut.height, cut.rows() * cut.columns(), kMaxChunks));
  }
  if (cut.kept > cut.count()) {
    throw ParameterError(fmt::format("{} chunks cannot be chosen from {}", cut.kept, cut.count()));
  }
}

ChunkPlace place_of(const Chunking& cut, std::size_t k) {
  ChunkPlace place{k / cut.columns() * cut.height, k % cut.columns() * cut.width, 0, 0};
  place.height = std::min(cut.height, cut.picture.height - place.y);
  place.width = std::min(cut.width, cut.picture.width - place.x);
  return place;
}

std::vector<float> cut_chunk(const Chunking& cut, std::span<const float> picture, std::size_t k) {
  check_picture(cut, picture.size());
  const ChunkPlace place = place_of(cut, k);
  std::vector<float> chunk;
  chunk.reserve(cut.chunk().size());
  for (std::size_t c = 0; c < cut.picture.channels; ++c) {
    for (std::size_t y = 0; y < cut.height; ++y) {
      const std::size_t row = c * cut.picture.height + place.y + std::min(y, place.height - 1);
      for (std::size_t x = 0; x < cut.width; ++x) {
        chunk.push_back(picture[row * cut.picture.width + place.x + std::min(x, place.width - 1)]);
      }
    }
  }
  return chunk;
}

void put_chunk(const Chunking& cut, std::span<const float> chunk, std::size_t k, std::span<float> picture) {
  check_picture(cut, picture.size());
  check_chunk(cut, chunk.size());
  const ChunkPlace place = place_of(cut, k);
  for (std::size_t c = 0; c < cut.picture.channels; ++c) {
    for (std::size_t y = 0; y < place.height; ++y) {
      const auto from = chunk.subspan((c * cut.height + y) * cut.width, place.width);
      const std::size_t to = (c * cut.picture.height + place.y + y) * cut.picture.width + place.x;
      std::ranges::copy(from, picture.begin() + static_cast<std::ptrdiff_t>(to));
    }
  }
}

std::string to_string(ChunkScore score) {
  return score == ChunkScore::mean ? "mean" : "maximum";
}

ChunkScore parse_chunk_score(const std::string& text) {
  if (text == "mean") return ChunkScore::mean;
  if (text == "maximum" || text == "max") return ChunkScore::maximum;
  throw UsageError("a chunk's score is mean or maximum, not '" + text + "'");
}

std::vector<std::size_t> chosen_chunks(const Chunking& cut, std::span<const float> picture, const Preprocessing& how) {
  std::vector<std::size_t> order(cut.count());
  std::iota(order.begin(), order.end(), std::size_t{0});
  if (cut.used() == cut.count()) return order;
  const auto scores = chunk_scores(cut, pixels_of(picture, how), ChunkScore::mean);
  std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) { return scores[a] > scores[b]; });
  order.resize(cut.kept);
  std::ranges::sort(order);
  return order;
}

std::string chunking_text(const Chunking& cut) {
  std::string text = fmt::format("{} chunk{} of {}x{} ({} row{} of {})", cut.count(), cut.count() == 1 ? "" : "s",
                                 cut.width, cut.height, cut.rows(), cut.rows() == 1 ? "" : "s", cut.columns());
  if (!cut.divides()) {
    const ChunkPlace last = place_of(cut, cut.count() - 1);
    text += fmt::format("; the last column is {} wide and the last row {} high, filled up by repeating the edge",
                        last.width, last.height);
  }
  return text;
}

ChunkSize parse_chunk_size(const std::string& text, const std::string& option) {
  const auto number = [&](std::string_view word) {
    std::size_t value = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (error != std::errc() || end != word.data() + word.size() || value == 0 || value > kMaxChunks) {
      throw UsageError(fmt::format("{} is '{}', expected a side in pixels, or WIDTHxHEIGHT, as 28 or 28x26", option,
                                   text.substr(0, 40)));
    }
    return value;
  };
  const auto at = text.find('x');
  if (at == std::string::npos) return {number(text), number(text)};
  return {number(std::string_view(text).substr(at + 1)), number(std::string_view(text).substr(0, at))};
}

}  // namespace obscura
