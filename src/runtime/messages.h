#pragma once

#include <string_view>
#include <vector>

#include "ckks/compact.h"
#include "ckks/wire.h"

namespace obscura::runtime {

/// What travels: a query goes up, an answer comes back. Both carry the program they belong to, so that a ciphertext for
/// another network is refused before it is worked on.
///
///   query  := program:32 images:u32 seeded_batch         (each a file of ckks/wire.h inside ckks::Kind::query /
///   answer) answer := program:32 images:u32 compact_batch
struct Query {
  ckks::Digest program{};
  std::size_t images = 1;  ///< how many slots of a batched query hold an image
  std::vector<ckks::SeededCiphertext> ciphertexts;
};

struct Answer {
  ckks::Digest program{};
  std::size_t images = 1;
  std::vector<ckks::CompactCiphertext> ciphertexts;
};

ckks::Bytes write_query(const ckks::Context& context, const Query& query);
ckks::Bytes write_answer(const ckks::Context& context, const Answer& answer);

/// Throw FormatError for malformed bytes and MismatchError for those of another program: `program` is what is expected.
Query read_query(const ckks::Context& context, const ckks::Digest& program, ckks::ByteSpan bytes,
                 std::string_view what = "query");
Answer read_answer(const ckks::Context& context, const ckks::Digest& program, ckks::ByteSpan bytes,
                   std::string_view what = "answer");

}  // namespace obscura::runtime
