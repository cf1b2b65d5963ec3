#include "message/messages.h"

#include <sodium.h>

#include <algorithm>
#include <string>
#include <utility>

#include "base/bytes.h"
#include "base/error.h"

namespace obscura::message {
namespace {

/// What a query and an answer begin with.
struct Header {
  ckks::Digest program{};
  ckks::KeyId key{};
  QueryId query{};
  std::size_t images = 0;
};

ckks::Bytes wrap(ckks::Kind kind, const ckks::Context& context, const Header& header, const ckks::Bytes& batch) {
  ByteWriter w;
  w.bytes().reserve(batch.size() + 68);
  w.raw(header.program);
  w.raw(header.key);
  w.raw(header.query);
  w.u32(static_cast<std::uint32_t>(header.images));
  w.raw(batch);
  return ckks::seal_envelope(kind, context.digest(), w.bytes());
}

struct Opened {
  Header header;
  ckks::ByteSpan batch;
};

Opened open(ckks::Kind kind, const ckks::Context& context, const ckks::Digest& program, ckks::ByteSpan bytes,
            std::string_view what) {
  const auto envelope = ckks::open_envelope(bytes, kind, what);
  ByteReader r(envelope.payload, std::string(what));
  Opened opened;
  Header& header = opened.header;
  std::ranges::copy(r.raw(header.program.size()), header.program.begin());
  if (envelope.digest != context.digest() || header.program != program) {
    throw MismatchError(std::string(what) + " was made for another network (or another version or layout of it)");
  }
  std::ranges::copy(r.raw(header.key.size()), header.key.begin());
  std::ranges::copy(r.raw(header.query.size()), header.query.begin());
  header.images = r.u32();
  if (header.images == 0 || header.images > context.slots()) {
    r.fail("names " + std::to_string(header.images) + " images");
  }
  opened.batch = r.raw(r.left());
  return opened;
}

}  // namespace

QueryId id_of(const Query& query) {
  constexpr std::string_view kKey = "obscura query id";
  crypto_generichash_state state;
  QueryId id;
  crypto_generichash_init(&state, reinterpret_cast<const unsigned char*>(kKey.data()), kKey.size(), id.size());
  ByteWriter w;
  w.raw(query.program);
  w.raw(query.key);
  w.u64(query.images);
  for (const auto& c : query.ciphertexts) w.raw(c.seed);
  crypto_generichash_update(&state, w.bytes().data(), w.size());
  crypto_generichash_final(&state, id.data(), id.size());
  return id;
}

Ticket ticket_of(const Query& query) {
  return {query.id, query.images};
}

Answer answer_to(const Query& query, std::vector<ckks::CompactCiphertext> ciphertexts) {
  return {query.program, query.key, query.id, query.images, std::move(ciphertexts)};
}

void check_keys(const Query& query, const ckks::KeyId& keys, std::string_view what) {
  if (query.key == keys) return;
  throw MismatchError(std::string(what) + " was encrypted under another key (" + hex_of(query.key).substr(0, 8) +
                      ") than these evaluation keys belong to (" + hex_of(keys).substr(0, 8) +
                      "): take the evaluation keys that its owner made last");
}

ckks::Bytes write_query(const ckks::Context& context, const Query& query) {
  return wrap(ckks::Kind::query, context, {query.program, query.key, query.id, query.images},
              ckks::write_seeded_ciphertexts(context, query.ciphertexts));
}

ckks::Bytes write_answer(const ckks::Context& context, const Answer& answer) {
  return wrap(ckks::Kind::answer, context, {answer.program, answer.key, answer.query, answer.images},
              ckks::write_compact_ciphertexts(context, answer.ciphertexts));
}

Query read_query(const ckks::Context& context, const ckks::Digest& program, ckks::ByteSpan bytes,
                 std::string_view what) {
  const Opened opened = open(ckks::Kind::query, context, program, bytes, what);
  const Header& header = opened.header;
  Query query{program, header.key, header.query, header.images,
              ckks::read_seeded_ciphertexts(context, opened.batch, what)};
  if (query.id != id_of(query)) {
    throw FormatError(std::string(what) + " was altered: its contents are not those that its id names");
  }
  return query;
}

Answer read_answer(const ckks::Context& context, const ckks::Digest& program, ckks::ByteSpan bytes,
                   std::string_view what) {
  const Opened opened = open(ckks::Kind::answer, context, program, bytes, what);
  const Header& header = opened.header;
  return {program, header.key, header.query, header.images,
          ckks::read_compact_ciphertexts(context, opened.batch, what)};
}

std::string hex_of(std::span<const std::uint8_t> id) {
  std::string text(2 * id.size(), '0');
  sodium_bin2hex(text.data(), text.size() + 1, id.data(), id.size());
  return text;
}

}  // namespace obscura::message
