#include "audit/chunks/server_view.h"

#include <algorithm>

#include "base/error.h"
#include "tensor/feature_chunks.h"

namespace obscura::audit {
namespace {

image::Image part_of(const image::Image& picture, const ChunkPlace& at) {
  image::Image part(1, at.height, at.width);
  for (std::size_t y = 0; y < at.height; ++y) {
    for (std::size_t x = 0; x < at.width; ++x) part.at(y, x) = picture.at(at.y + y, at.x + x);
  }
  return part;
}

std::vector<std::int32_t> indices_of(const ViewRule& rule, std::span<const double> scores) {
  if (rule.policy == ChunkPolicy::hidden) return {};
  // No score is as low as that.
  return signed_indices(scores, rule.policy == ChunkPolicy::all ? -1 : rule.threshold);
}

}  // namespace

std::string to_string(ChunkPolicy policy) {
  return policy == ChunkPolicy::features ? "features" : policy == ChunkPolicy::all ? "all" : "hidden";
}

ChunkPolicy parse_chunk_policy(const std::string& text) {
  for (const ChunkPolicy policy : {ChunkPolicy::features, ChunkPolicy::all, ChunkPolicy::hidden}) {
    if (text == to_string(policy)) return policy;
  }
  throw UsageError("a policy is features, all or hidden, not '" + text.substr(0, 40) + "'");
}

ServerView server_view(const ViewRule& rule, const image::Image& picture, std::span<const double> scores) {
  const Chunking& cut = rule.cut;
  if (picture.channels != 1 || picture.height != cut.picture.height || picture.width != cut.picture.width ||
      scores.size() != cut.count()) {
    throw MismatchError("a picture, its scores and how it is cut do not belong together");
  }
  ServerView view;
  view.indices = indices_of(rule, scores);
  view.ciphertexts = rule.policy == ChunkPolicy::hidden ? rule.hidden : count_features(view.indices);
  view.bytes = view.ciphertexts * kCiphertextBytes + view.indices.size() * sizeof(std::int32_t);
  for (const std::int32_t index : view.indices) {
    if (index > 0) continue;
    view.plain.push_back(part_of(picture, place_of(cut, static_cast<std::size_t>(-index) - 1)));
    view.bytes += view.plain.back().pixels.size();
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
