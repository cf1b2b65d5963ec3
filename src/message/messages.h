#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ckks/compact.h"
#include "ckks/wire.h"
#include "message/client_spec.h"

namespace obscura::message {

/// Names one query: BLAKE2b-128 of its program, its key, its number of images and the public seeds of its ciphertexts,
/// which are drawn anew for every query. Whoever alters one of these makes another query.
using QueryId = std::array<std::uint8_t, 16>;

/// What travels: a query goes up, an answer comes back. Both carry the program and the key that they belong to, and an
/// answer the query, so that what was made for another of them is refused before it is worked on.
///
///   query  := program:32 key_id:16 query_id:16 images:u32 chunks seeded_batch  (each a file of ckks/wire.h inside
///   answer := program:32 key_id:16 query_id:16 images:u32 compact_batch         ckks::Kind::query / answer)
///   chunks := #indices:u32 index:i32... #plain:u32 value:f32...
///
/// A query of policy features is a group of chunks: indices of all, in the picture's order, positive for encrypted
/// ones, and the pixels of the others, preprocessed, chunk after chunk. Both lists are empty of any other policy.
struct Query {
  ckks::Digest program{};
  ckks::KeyId key{};
  QueryId id{};
  std::size_t images = 1;  ///< how many slots of a batched query hold an image
  std::vector<ckks::SeededCiphertext> ciphertexts;
  std::vector<std::int32_t> chunks = {};
  std::vector<float> plain = {};
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

/// What a query is made of, for check_contents.
struct Contents {
  std::size_t ciphertexts = 0;
  std::span<const std::int32_t> chunks = {};  ///< Query::chunks
  std::size_t plain = 0;                      ///< values in the clear
};

/// Throws MismatchError unless a query has the ciphertexts, chunks and plain values that the program takes: of policy
/// features as many as its indices say.
void check_contents(const ClientSpec& client, const Contents& contents, std::string_view what = "query");

/// Throw FormatError for malformed bytes, a query whose id is not that of its contents, too, and MismatchError for
/// those of another program: `program` is what is expected.
Query read_query(const ckks::Context& context, const ckks::Digest& program, ckks::ByteSpan bytes,
                 std::string_view what = "query");
Answer read_answer(const ckks::Context& context, const ckks::Digest& program, ckks::ByteSpan bytes,
                   std::string_view what = "answer");

/// For messages and names of files: lower-case hex digits.
std::string hex_of(std::span<const std::uint8_t> id);

}  // namespace obscura::message
