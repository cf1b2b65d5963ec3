// Queries of pictures in chunks, and of images one a slot.
#include <algorithm>

#include "base/share.h"
#include "owner/owner.h"

namespace obscura::owner {

/// Unit u of picture i (of `count` each) in slot i apart + u.
void Owner::encrypt_batched(std::span<const std::vector<float>> units, std::size_t count, std::size_t apart,
                            message::Query& query, ThreadPool* pool) const {
  query.ciphertexts.resize(client_.group_ciphertexts());
  const std::size_t pictures = units.size() / count;
  share(pool, query.ciphertexts.size(), [&](std::size_t pixel) {
    ckks::WipedVector<double> slots(pictures * apart, 0);
    for (std::size_t u = 0; u < units.size(); ++u) slots[u / count * apart + u % count] = units[u][pixel];
    query.ciphertexts[pixel] = encryptor_.encrypt(encoder_, slots, client_.input_scale, client_.input_limbs);
  });
}

void Owner::encrypt_chunks(std::span<const std::vector<float>> pictures, message::Query& query,
                           ThreadPool* pool) const {
  const message::Chunked& chunks = *client_.chunks;
  std::vector<std::vector<float>> units;
  const ckks::WipeAtEnd wiped(units);
  for (const auto& picture : pictures) {
    const auto choice = message::choose_chunks(chunks, picture, client_.preprocessing);
    for (const std::size_t k : choice.encrypted) units.push_back(cut_chunk(chunks.cut, picture, k));
    if (chunks.policy != message::Policy::features) continue;
    query.chunks = choice.indices();
    for (const std::size_t k : choice.plain) {
      const auto values = cut_chunk(chunks.cut, picture, k);
      query.plain.insert(query.plain.end(), values.begin(), values.end());
    }
  }
  if (client_.mode == message::Mode::batched) {
    return encrypt_batched(units, chunks.cut.used(), chunks.wide, query, pool);
  }
  const std::size_t groups = chunks.groups(units.size()), each = client_.group_ciphertexts();
  query.ciphertexts.resize(groups * each);
  share(pool, groups, [&](std::size_t g) {
    const std::size_t first = g * chunks.wide, last = std::min(first + chunks.wide, units.size());
    const auto of_group = std::span(units).subspan(std::min(first, units.size()), last - std::min(first, last));
    encrypt_packed(of_group, std::span(query.ciphertexts).subspan(g * each, each), nullptr);
  });
}

}  // namespace obscura::owner
