#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ckks/compact.h"
#include "ckks/wire.h"

namespace obscura::message {

/// Names one query: BLAKE2b-128 of its program, its key, its number of images and the public seeds of its ciphertexts,
/// which are drawn anew for every query. Whoever alters one of these makes another query.
using QueryId = std::array<std::uint8_t, 16>;

/// What travels: a query goes up, an answer comes back. Both carry the program and the key that they belong to, and an
/// answer the query, so that what was made for another of them is refused before it is worked on.
///
///   query  := program:32 key_id:16 query_id:16 images:u32 seeded_batch     (each a file of ckks/wire.h inside
///   answer := program:32 key_id:16 query_id:16 images:u32 compact_batch    ckks::Kind::query / answer)
struct Query {
  ckks::Digest program{};
  ckks::KeyId key{};
  QueryId id{};
  std::size_t images = 1;  ///< how many slots of a batched query hold an image
  std::vector<ckks::SeededCiphertext> ciphertexts;
};

struct Answer {
  ckks::Digest program{};
  ckks::KeyId key{};
  QueryId query{};  ///< that it answers
  std::size_t images = 1;
  std::vector<ckks::CompactCiphertext> ciphertexts;
};

/// What an owner keeps of a query until its answer comes.
struct Ticket {
  QueryId id{};
  std::size_t images = 1;
};

/// The id that this query has to have.
QueryId id_of(const Query& query);
Ticket ticket_of(const Query& query);
/// The answer to a query, of these ciphertexts.
Answer answer_to(const Query& query, std::vector<ckks::CompactCiphertext> ciphertexts);

/// Throws MismatchError unless the query was made under the key that the evaluation keys belong to.
void check_keys(const Query& query, const ckks::KeyId& keys, std::string_view what = "query");

ckks::Bytes write_query(const ckks::Context& context, const Query& query);
ckks::Bytes write_answer(const ckks::Context& context, const Answer& answer);

/// Throw FormatError for malformed bytes, a query whose id is not that of its contents, too, and MismatchError for
/// those of another program: `program` is what is expected.
Query read_query(const ckks::Context& context, const ckks::Digest& program, ckks::ByteSpan bytes,
                 std::string_view what = "query");
Answer read_answer(const ckks::Context& context, const ckks::Digest& program, ckks::ByteSpan bytes,
                   std::string_view what = "answer");

/// For messages and names of files: lower-case hex digits.
std::string hex_of(std::span<const std::uint8_t> id);

}  // namespace obscura::message
