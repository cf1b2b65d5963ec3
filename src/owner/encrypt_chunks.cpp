// Queries of pictures in chunks, and of images one a slot.
#include <algorithm>

#include "base/share.h"
#include "owner/owner.h"

namespace obscura::owner {

/// What stands in each slot; zeros where it is nothing.
void Owner::encrypt_batched(std::span<const std::vector<float>* const> units, message::Query& query,
                            ThreadPool* pool) const {
  query.ciphertexts.resize(client_.group_ciphertexts());
  share(pool, query.ciphertexts.size(), [&](std::size_t pixel) {
    ckks::WipedVector<double> slots(units.size(), 0);
    for (std::size_t i = 0; i < units.size(); ++i) {
      if (units[i] != nullptr) slots[i] = (*units[i])[pixel];
    }
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
    // Pictures are repeated as images are; the slots that a picture leaves are blank, as the server knows.
    const std::size_t count = chunks.cut.used();
    std::vector<const std::vector<float>*> slots(client_.images * chunks.wide);
    for (std::size_t i = 0; i < client_.images * count; ++i) {
      slots[i / count * chunks.wide + i % count] = &units[i % units.size()];
    }
    return encrypt_batched(slots, query, pool);
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
