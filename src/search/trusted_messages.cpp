#include "search/trusted_messages.h"

#include <fmt/format.h>

#include <cmath>
#include <set>

#include "base/bytes.h"
#include "base/error.h"
#include "search/message_parts.h"

namespace obscura::search {
namespace {

constexpr int kLogDegree = 13;
constexpr std::size_t kMostSide = 4096, kMostRecordBytes = std::size_t{1} << 20;

ckks::Bytes seal(const ckks::Context& context, ckks::Kind kind, ByteWriter& w) {
  return ckks::seal_envelope(kind, ckks::digest_of(context.parameters()), w.bytes());
}

ckks::Envelope opened(const ckks::Context& context, ckks::ByteSpan bytes, ckks::Kind kind, std::string_view what) {
  ckks::Envelope envelope = ckks::open_envelope(bytes, kind, what);
  if (envelope.digest != ckks::digest_of(context.parameters())) {
    throw MismatchError(std::string(what) + " is of other parameters than those of mode trusted");
  }
  return envelope;
}

ckks::PublicKey get_key(const ckks::Context& context, ckks::ByteSpan bytes, std::string_view what) {
  auto file = ckks::read_public_key(bytes, what);
  if (ckks::digest_of(file.parameters) != ckks::digest_of(context.parameters())) {
    throw MismatchError(std::string(what) + " has a key of other parameters than those of mode trusted");
  }
  return std::move(file.key);
}

void require_ciphertexts(const std::vector<ckks::Ciphertext>& sent, std::size_t expected, std::string_view what) {
  if (sent.size() == expected) return;
  throw MismatchError(fmt::format("{} has {} ciphertexts, expected {}", what, sent.size(), expected));
}

Shape get_shape(ByteReader& r) {
  const std::uint32_t channels = r.u32(), height = r.u32(), width = r.u32();
  const bool sound =
      (channels == 1 || channels == 3) && height != 0 && height <= kMostSide && width != 0 && width <= kMostSide;
  if (!sound) r.fail("is of pictures that there are not");
  return {channels, height, width};
}

void check_found(const TrustedAnswer& answer, std::size_t places, ByteReader& r) {
  std::set<std::uint64_t> seen;
  double last = 0;
  for (const auto& one : answer.found) {
    if (one.place >= places || !seen.insert(one.place).second) r.fail("has a place that there is not, or one twice");
    if (!(one.distance >= last) || !std::isfinite(one.distance)) r.fail("has distances out of order");
    last = one.distance;
  }
}

}  // namespace

ckks::Parameters trusted_parameters() {
  return ckks::make_parameters(kLogDegree, {50}, {50}, 1);
}

std::size_t trusted_ciphertexts(const ckks::Context& context, std::size_t numbers) {
  return (numbers + context.slots() - 1) / context.slots();
}

ckks::Bytes write_trusted_card(const ckks::Context& context, const TrustedCard& card) {
  ByteWriter w;
  put_version(w, card.gallery);
  for (const std::size_t side : {card.input.channels, card.input.height, card.input.width, card.record_bytes}) {
    w.u32(static_cast<std::uint32_t>(side));
  }
  w.raw(ckks::write_public_key(context, card.key));
  return seal(context, ckks::Kind::trusted_card, w);
}

TrustedCard read_trusted_card(const ckks::Context& context, const GalleryVersion& expected, ckks::ByteSpan bytes,
                              std::string_view what) {
  const auto envelope = opened(context, bytes, ckks::Kind::trusted_card, what);
  ByteReader r(envelope.payload, std::string(what));
  require_version(r, expected, what);
  TrustedCard card{expected, get_shape(r), 0, {}};
  card.record_bytes = r.u32();
  if (card.record_bytes == 0 || card.record_bytes > kMostRecordBytes) r.fail("is of records that there are not");
  card.key = get_key(context, r.raw(r.left()), what);
  return card;
}

ckks::Bytes write_trusted_query(const ckks::Context& context, const TrustedQuery& query) {
  ByteWriter w;
  put_version(w, query.gallery);
  w.raw(query.question);
  w.u32(query.top);
  const auto key = ckks::write_public_key(context, query.key);
  w.u32(static_cast<std::uint32_t>(key.size()));
  w.raw(key);
  w.raw(ckks::write_ciphertexts(context, query.picture));
  return seal(context, ckks::Kind::trusted_query, w);
}

TrustedQuery read_trusted_query(const ckks::Context& context, const GalleryVersion& expected, std::size_t numbers,
                                ckks::ByteSpan bytes, std::string_view what) {
  const auto envelope = opened(context, bytes, ckks::Kind::trusted_query, what);
  ByteReader r(envelope.payload, std::string(what));
  require_version(r, expected, what);
  TrustedQuery query{expected, {}, 1, {}, {}};
  get_bytes(r, query.question);
  query.top = r.u32();
  if (query.top == 0 || query.top > kMostTrusted) {
    r.fail(fmt::format("asks for {} images, expected 1 to {}", query.top, kMostTrusted));
  }
  const std::size_t length = r.u32();
  query.key = get_key(context, r.raw(length), what);
  query.picture = ckks::read_ciphertexts(context, r.raw(r.left()), what);
  require_ciphertexts(query.picture, trusted_ciphertexts(context, numbers), what);
  return query;
}

ckks::Bytes write_trusted_answer(const ckks::Context& context, const TrustedAnswer& answer) {
  ByteWriter w;
  put_version(w, answer.gallery);
  w.raw(answer.question);
  w.u32(static_cast<std::uint32_t>(answer.found.size()));
  for (const auto& one : answer.found) w.u64(one.place), w.f64(one.distance);
  w.raw(ckks::write_ciphertexts(context, answer.records));
  return seal(context, ckks::Kind::trusted_answer, w);
}

TrustedAnswer read_trusted_answer(const ckks::Context& context, const TrustedCard& card, std::uint32_t top,
                                  std::size_t places, ckks::ByteSpan bytes, std::string_view what) {
  const auto envelope = opened(context, bytes, ckks::Kind::trusted_answer, what);
  ByteReader r(envelope.payload, std::string(what));
  require_version(r, card.gallery, what);
  TrustedAnswer answer{card.gallery, {}, {}, {}};
  get_bytes(r, answer.question);
  const std::uint32_t found = r.u32();
  if (found != top) r.fail(fmt::format("has {} images, expected {}", found, top));
  for (std::uint32_t i = 0; i < found; ++i) {
    const std::uint64_t place = r.u64();
    answer.found.push_back({place, r.f64()});
  }
  check_found(answer, places, r);
  answer.records = ckks::read_ciphertexts(context, r.raw(r.left()), what);
  require_ciphertexts(answer.records, found * trusted_ciphertexts(context, card.record_bytes), what);
  return answer;
}

}  // namespace obscura::search
