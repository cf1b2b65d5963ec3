#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "ckks/compact.h"
#include "ckks/keys.h"
#include "ckks/wire.h"
#include "search/fetch_hint.h"
#include "search/fetch_table.h"
#include "search/gallery_form.h"

/// What travels between somebody who searches and the server of a gallery, as files of ckks/wire.h. Everything names
/// the gallery and its version, answers name the question, so that what was made for another is refused before it is
/// worked on.
namespace obscura::search {

/// Names a question: 16 random bytes.
using QuestionId = std::array<std::uint8_t, 16>;
QuestionId random_question();

/// Which version of which gallery.
struct GalleryVersion {
  std::string id;  ///< 32 hex digits
  std::int64_t version = 0;
  friend bool operator==(const GalleryVersion&, const GalleryVersion&) = default;
};

/// What the program of mode blind of a version of a gallery is called in its client spec, so that server and owners see
/// that it is the one of their card.
std::string blind_program_name(const GalleryVersion& version);

/// What everybody may know of a gallery: how vectors are made, which places hold an image, how records lie.
///
///   payload := gallery kind:u8 dimension:u32 thumbnail_bytes:u32 record_bytes:u32 network recipe source:text
///              #classes:u32 class:text... #selection:u32 selection places:u64 taken:bits hint_seed:32
///   gallery := id:16 version:u64                 text := #characters:u32 UTF-8
///   bits    := one a place, the first lowest, zero behind the last
///
/// A card has no parameters; its file is under the digest zero.
struct GalleryCard {
  GalleryForm form;
  GalleryVersion gallery;
  std::size_t record_bytes = 0;
  std::vector<bool> taken;  ///< a place
  ring::Seed hint_seed{};
  friend bool operator==(const GalleryCard&, const GalleryCard&) = default;

  std::size_t images() const;
  ScorePlan plan() const { return plan_scores(form.kind, form.dimension); }
  FetchShape shape() const { return fetch_shape(taken.size(), record_bytes); }
};

/// An encrypted vector.     payload := gallery key_id:16 question:16 seeded
struct GalleryQuery {
  GalleryVersion gallery;
  ckks::KeyId key{};
  QuestionId question{};
  ckks::SeededCiphertext vector;
};

/// Its scores.              payload := gallery key_id:16 question:16 compact_batch
struct GalleryAnswer {
  GalleryVersion gallery;
  ckks::KeyId key{};
  QuestionId question{};
  std::vector<ckks::CompactCiphertext> scores;
};

/// Always kFetchCount.      payload := gallery question:16 words(26 bits, a column each)...
struct FetchRequest {
  GalleryVersion gallery;
  QuestionId question{};
  std::vector<FetchQuery> queries;
};

///                          payload := gallery question:16 words(26 bits, a row each)...
struct FetchReply {
  GalleryVersion gallery;
  QuestionId question{};
  std::vector<FetchAnswer> answers;
};

/// Writers and readers. Readers throw FormatError for bytes that are no such message; those that are given a card,
/// MismatchError, too, for a message of another gallery, or of another version of it: "... ask again with the card of
/// version 7". Whose key and which question is left to who asks.
ckks::Bytes write_card(const GalleryCard& card);
GalleryCard read_card(ckks::ByteSpan bytes, std::string_view what = "card of the gallery");

ckks::Bytes write_gallery_query(const ckks::Context& context, const GalleryQuery& query);
GalleryQuery read_gallery_query(const ckks::Context& context, const GalleryVersion& expected, ckks::ByteSpan bytes,
                                std::string_view what = "question");

ckks::Bytes write_gallery_answer(const ckks::Context& context, const GalleryAnswer& answer);
GalleryAnswer read_gallery_answer(const ckks::Context& context, const GalleryVersion& expected, ckks::ByteSpan bytes,
                                  std::string_view what = "answer");

ckks::Bytes write_fetch_request(const FetchRequest& request);
FetchRequest read_fetch_request(const GalleryVersion& expected, const FetchShape& shape, ckks::ByteSpan bytes,
                                std::string_view what = "fetch");

ckks::Bytes write_fetch_reply(const FetchReply& reply);
FetchReply read_fetch_reply(const GalleryVersion& expected, const FetchShape& shape, ckks::ByteSpan bytes,
                            std::string_view what = "answer to the fetch");

/// payload := gallery seed:32 words(26 bits, kFetchDegree a row)
ckks::Bytes write_hint(const GalleryVersion& gallery, const FetchHint& hint);
FetchHint read_hint(const GalleryVersion& expected, const FetchShape& shape, ckks::ByteSpan bytes,
                    std::string_view what = "hint");

}  // namespace obscura::search
