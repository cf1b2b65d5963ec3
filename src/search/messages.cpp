#include "search/messages.h"

#include <sodium.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/error.h"
#include "ckks/digest.h"
#include "search/message_parts.h"
#include "search/packed_words.h"

namespace obscura::search {
namespace {

/// Of what has no parameters.
constexpr ckks::Digest kNoParameters{};
constexpr std::size_t kMostClasses = 100000;
/// A bit each is in memory.
constexpr std::uint64_t kMostPlaces = std::uint64_t{1} << (sizeof(std::size_t) == 8 ? 32 : 28);

ckks::Envelope opened(ckks::ByteSpan bytes, ckks::Kind kind, std::string_view what) {
  ckks::Envelope envelope = ckks::open_envelope(bytes, kind, what);
  if (envelope.digest != kNoParameters) throw FormatError(std::string(what) + " names parameters, and has none");
  return envelope;
}

void put_bits(ByteWriter& w, const std::vector<bool>& bits) {
  std::vector<std::uint8_t> bytes((bits.size() + 7) / 8);
  for (std::size_t i = 0; i < bits.size(); ++i) {
    if (bits[i]) bytes[i / 8] |= static_cast<std::uint8_t>(1U << (i % 8));
  }
  w.raw(bytes);
}

std::vector<bool> get_bits(ByteReader& r, std::size_t count) {
  const auto bytes = r.raw((count + 7) / 8);
  std::vector<bool> bits(count);
  for (std::size_t i = 0; i < 8 * bytes.size(); ++i) {
    const bool set = ((bytes[i / 8] >> (i % 8)) & 1) != 0;
    if (i < count) {
      bits[i] = set;
    } else if (set) {
      r.fail("has a place behind the last");
    }
  }
  return bits;
}

void get_form(ByteReader& r, GalleryForm& form) {
  const std::uint8_t kind = r.u8();
  if (kind > static_cast<std::uint8_t>(VectorKind::unit)) r.fail("has vectors of an unknown kind");
  form.kind = static_cast<VectorKind>(kind);
  form.dimension = r.u32(), form.thumbnail_bytes = r.u32();
}

void get_texts(ByteReader& r, GalleryForm& form, std::string_view what) {
  form.network = r.text(), form.recipe = r.text(), form.source = r.text();
  const std::size_t classes = r.u32();
  if (classes > kMostClasses) r.fail("has too many classes");
  for (std::size_t i = 0; i < classes; ++i) form.classes.push_back(r.text());
  const std::size_t bytes = r.u32();
  form.selection = read_selection(r.raw(bytes), std::string(what));
}

/// What plans and shapes would refuse is no card.
void check(const GalleryCard& card, ByteReader& r) {
  try {
    plan_scores(card.form.kind, card.form.dimension);
    check_selection(card.form.selection, card.form.kind, card.form.dimension);
    static_cast<void>(card.shape());
  } catch (const ParameterError& e) {
    r.fail(std::string("is none: ") + e.what());
  } catch (const UnsupportedError& e) {
    r.fail(std::string("is none: ") + e.what());
  }
}

template <typename Message>
ByteWriter headed(const Message& message) {
  ByteWriter w;
  put_version(w, message.gallery);
  return w;
}

/// A message that holds ciphertexts is under the digest of their parameters.
ckks::Envelope opened(const ckks::Context& context, ckks::ByteSpan bytes, ckks::Kind kind, std::string_view what) {
  const ckks::Envelope envelope = ckks::open_envelope(bytes, kind, what);
  if (envelope.digest == context.digest()) return envelope;
  throw MismatchError(std::string(what) + " was made under other parameters than those of this gallery");
}

/// Question and answer of a fetch differ in how many words each of the kFetchCount has.
ckks::Bytes write_fetches(ckks::Kind kind, ByteWriter w, const QuestionId& question,
                          std::span<const std::vector<std::uint32_t>> fetches) {
  w.raw(question);
  for (const auto& words : fetches) put_packed(w, words, kFetchModulusBits);
  return ckks::seal_envelope(kind, kNoParameters, w.bytes());
}

std::vector<std::vector<std::uint32_t>> read_fetches(ckks::Kind kind, const GalleryVersion& expected, std::size_t words,
                                                     ckks::ByteSpan bytes, QuestionId& question,
                                                     std::string_view what) {
  const auto envelope = opened(bytes, kind, what);
  ByteReader r(envelope.payload, std::string(what));
  require_version(r, expected, what);
  get_bytes(r, question);
  std::vector<std::vector<std::uint32_t>> fetches;
  for (std::size_t k = 0; k < kFetchCount; ++k) fetches.push_back(get_packed(r, words, kFetchModulusBits));
  r.finish();
  return fetches;
}

}  // namespace

std::string blind_program_name(const GalleryVersion& version) {
  return "gallery " + version.id + " version " + std::to_string(version.version);
}

QuestionId random_question() {
  QuestionId id;
  randombytes_buf(id.data(), id.size());
  return id;
}

std::size_t GalleryCard::images() const {
  return static_cast<std::size_t>(std::count(taken.begin(), taken.end(), true));
}

ckks::Bytes write_card(const GalleryCard& card) {
  ByteWriter w = headed(card);
  w.u8(static_cast<std::uint8_t>(card.form.kind));
  w.u32(static_cast<std::uint32_t>(card.form.dimension));
  w.u32(static_cast<std::uint32_t>(card.form.thumbnail_bytes));
  w.u32(static_cast<std::uint32_t>(card.record_bytes));
  w.text(card.form.network), w.text(card.form.recipe), w.text(card.form.source);
  w.u32(static_cast<std::uint32_t>(card.form.classes.size()));
  for (const auto& name : card.form.classes) w.text(name);
  const auto selection = write_selection(card.form.selection);
  w.u32(static_cast<std::uint32_t>(selection.size()));
  w.raw(selection);
  w.u64(card.taken.size());
  put_bits(w, card.taken);
  w.raw(card.hint_seed);
  return ckks::seal_envelope(ckks::Kind::gallery_card, kNoParameters, w.bytes());
}

GalleryCard read_card(ckks::ByteSpan bytes, std::string_view what) {
  const auto envelope = opened(bytes, ckks::Kind::gallery_card, what);
  ByteReader r(envelope.payload, std::string(what));
  GalleryCard card;
  card.gallery = get_version(r);
  get_form(r, card.form);
  card.record_bytes = r.u32();
  get_texts(r, card.form, what);
  const std::uint64_t places = r.u64();
  if (places == 0 || places > kMostPlaces) r.fail("is of a gallery without a place, or with too many");
  card.taken = get_bits(r, static_cast<std::size_t>(places));
  get_bytes(r, card.hint_seed);
  r.finish();
  check(card, r);
  return card;
}

ckks::Bytes write_gallery_query(const ckks::Context& context, const GalleryQuery& query) {
  ByteWriter w = headed(query);
  w.raw(query.key), w.raw(query.question);
  w.raw(ckks::write_seeded_ciphertext(context, query.vector));
  return ckks::seal_envelope(ckks::Kind::gallery_query, ckks::digest_of(context.parameters()), w.bytes());
}

GalleryQuery read_gallery_query(const ckks::Context& context, const GalleryVersion& expected, ckks::ByteSpan bytes,
                                std::string_view what) {
  const auto envelope = opened(context, bytes, ckks::Kind::gallery_query, what);
  ByteReader r(envelope.payload, std::string(what));
  require_version(r, expected, what);
  GalleryQuery query{expected, {}, {}, {}};
  get_bytes(r, query.key), get_bytes(r, query.question);
  query.vector = ckks::read_seeded_ciphertext(context, r.raw(r.left()), what);
  return query;
}

ckks::Bytes write_gallery_answer(const ckks::Context& context, const GalleryAnswer& answer) {
  ByteWriter w = headed(answer);
  w.raw(answer.key), w.raw(answer.question);
  w.raw(ckks::write_compact_ciphertexts(context, answer.scores));
  return ckks::seal_envelope(ckks::Kind::gallery_answer, ckks::digest_of(context.parameters()), w.bytes());
}

GalleryAnswer read_gallery_answer(const ckks::Context& context, const GalleryVersion& expected, ckks::ByteSpan bytes,
                                  std::string_view what) {
  const auto envelope = opened(context, bytes, ckks::Kind::gallery_answer, what);
  ByteReader r(envelope.payload, std::string(what));
  require_version(r, expected, what);
  GalleryAnswer answer{expected, {}, {}, {}};
  get_bytes(r, answer.key), get_bytes(r, answer.question);
  answer.scores = ckks::read_compact_ciphertexts(context, r.raw(r.left()), what);
  return answer;
}

ckks::Bytes write_fetch_request(const FetchRequest& request) {
  return write_fetches(ckks::Kind::fetch_query, headed(request), request.question, request.queries);
}

FetchRequest read_fetch_request(const GalleryVersion& expected, const FetchShape& shape, ckks::ByteSpan bytes,
                                std::string_view what) {
  FetchRequest request{expected, {}, {}};
  request.queries = read_fetches(ckks::Kind::fetch_query, expected, shape.columns(), bytes, request.question, what);
  return request;
}

ckks::Bytes write_fetch_reply(const FetchReply& reply) {
  return write_fetches(ckks::Kind::fetch_answer, headed(reply), reply.question, reply.answers);
}

FetchReply read_fetch_reply(const GalleryVersion& expected, const FetchShape& shape, ckks::ByteSpan bytes,
                            std::string_view what) {
  FetchReply reply{expected, {}, {}};
  reply.answers = read_fetches(ckks::Kind::fetch_answer, expected, shape.rows(), bytes, reply.question, what);
  return reply;
}

ckks::Bytes write_hint(const GalleryVersion& gallery, const FetchHint& hint) {
  ByteWriter w;
  put_version(w, gallery);
  w.raw(hint.seed);
  put_packed(w, hint.words, kFetchModulusBits);
  return ckks::seal_envelope(ckks::Kind::fetch_hint, kNoParameters, w.bytes());
}

FetchHint read_hint(const GalleryVersion& expected, const FetchShape& shape, ckks::ByteSpan bytes,
                    std::string_view what) {
  const auto envelope = opened(bytes, ckks::Kind::fetch_hint, what);
  ByteReader r(envelope.payload, std::string(what));
  require_version(r, expected, what);
  FetchHint hint;
  get_bytes(r, hint.seed);
  hint.words = get_packed(r, shape.rows() * kFetchDegree, kFetchModulusBits);
  r.finish();
  return hint;
}

}  // namespace obscura::search
