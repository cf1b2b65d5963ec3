#include "audit/chunks/server_view.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "base/error.h"

namespace obscura::audit {
namespace {

/// A chunk without what it was filled up with, in pixels again.
image::Image pixels_of_chunk(const Chunking& cut, std::size_t k, std::span<const float> values,
                             const Preprocessing& how) {
  const ChunkPlace at = place_of(cut, k);
  const auto pixels = pixels_of(values, how);
  image::Image part(1, at.height, at.width);
  for (std::size_t y = 0; y < at.height; ++y) {
    for (std::size_t x = 0; x < at.width; ++x) {
      part.at(y, x) = static_cast<std::uint8_t>(std::clamp(std::round(pixels[y * cut.width + x]), 0.0F, 255.0F));
    }
  }
  return part;
}

}  // namespace

ServerView server_view(const message::Chunked& chunked, const Preprocessing& how, const message::Query& query,
                       std::size_t bytes) {
  const Chunking& cut = chunked.cut;
  if (cut.picture.channels != 1) throw MismatchError("views of servers are of grey pictures");
  ServerView view{query.chunks, {}, query.ciphertexts.size(), bytes};
  const auto plain = query.chunks.empty() ? std::vector<std::size_t>() : message::choice_of(cut, query.chunks).plain;
  const std::size_t each = cut.chunk().size();
  if (query.plain.size() != plain.size() * each) {
    throw MismatchError("a query whose map and plain chunks do not belong together");
  }
  for (std::size_t i = 0; i < plain.size(); ++i) {
    view.plain.push_back(pixels_of_chunk(cut, plain[i], std::span(query.plain).subspan(i * each, each), how));
  }
  return view;
}

std::vector<bool> plain_chunks(const Chunking& cut, const ServerView& view) {
  std::vector<bool> plain(cut.count(), false);
  for (const std::int32_t index : view.indices) {
    const std::size_t k = static_cast<std::size_t>(std::abs(index)) - 1;
    if (k >= cut.count()) throw MismatchError("a view of pictures that are cut otherwise");
    plain[k] = index < 0;
  }
  if (static_cast<std::size_t>(std::ranges::count(plain, true)) != view.plain.size()) {
    throw MismatchError("a view whose map and plain chunks do not belong together");
  }
  return plain;
}

image::Image seen_picture(const Chunking& cut, const ServerView& view, std::uint8_t blank) {
  const std::vector<bool> plain = plain_chunks(cut, view);
  image::Image picture(1, cut.picture.height, cut.picture.width, blank);
  auto chunk = view.plain.begin();
  for (std::size_t k = 0; k < cut.count(); ++k) {
    if (!plain[k]) continue;
    const ChunkPlace at = place_of(cut, k);
    if (chunk->height != at.height || chunk->width != at.width) throw MismatchError("a plain chunk of another size");
    for (std::size_t y = 0; y < at.height; ++y) {
      for (std::size_t x = 0; x < at.width; ++x) picture.at(at.y + y, at.x + x) = chunk->at(y, x);
    }
    ++chunk;
  }
  return picture;
}

}  // namespace obscura::audit
