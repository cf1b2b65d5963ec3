#include "message/messages.h"

#include <sodium.h>

#include <algorithm>
#include <bit>
#include <cmath>
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

void put_chunks(ByteWriter& w, const Query& query) {
  w.u32(static_cast<std::uint32_t>(query.chunks.size()));
  for (const std::int32_t index : query.chunks) w.u32(static_cast<std::uint32_t>(index));
  w.u32(static_cast<std::uint32_t>(query.plain.size()));
  for (const float v : query.plain) w.u32(std::bit_cast<std::uint32_t>(v));
}

void get_chunks(ByteReader& r, Query& query) {
  const std::size_t chunks = r.u32();
  if (chunks > std::min(kMaxChunks, r.left() / 4)) r.fail("names more chunks than it holds");
  for (std::size_t i = 0; i < chunks; ++i) query.chunks.push_back(static_cast<std::int32_t>(r.u32()));
  const std::size_t plain = r.u32();
  if (plain > r.left() / 4) r.fail("is truncated");
  query.plain.reserve(plain);
  for (std::size_t i = 0; i < plain; ++i) {
    query.plain.push_back(std::bit_cast<float>(r.u32()));
    if (!std::isfinite(query.plain.back())) r.fail("holds a number that is not finite");
  }
}

}  // namespace

void check_contents(const ClientSpec& client, const Contents& contents, std::string_view what) {
  const auto refuse = [&](const std::string& problem) { throw MismatchError(std::string(what) + " " + problem); };
  const bool features = client.chunks && client.chunks->policy == Policy::features;
  if (!features && (!contents.chunks.empty() || contents.plain != 0)) {
    refuse("holds chunks in the clear, and the program takes none");
  }
  std::size_t encrypted = client.chunks ? client.chunks->cut.used() : 0;
  if (features) {
    ChunkChoice choice;
    try {
      choice = choice_of(client.chunks->cut, contents.chunks);
    } catch (const FormatError& e) {
      refuse(e.what());
    }
    encrypted = choice.encrypted.size();
    const std::size_t values = choice.plain.size() * client.unit().size();
    if (contents.plain != values) {
      refuse("holds " + std::to_string(contents.plain) + " values in the clear, its indices say " +
             std::to_string(values));
    }
  }
  const std::size_t wanted = client.queries(encrypted);
  if (contents.ciphertexts == wanted) return;
  throw MismatchError("the network " + client.network + " takes " + std::to_string(wanted) +
                      " ciphertext(s) a query, not " + std::to_string(contents.ciphertexts));
}

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
  put_chunks(w, query);
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
  ByteWriter w;
  put_chunks(w, query);
  w.raw(ckks::write_seeded_ciphertexts(context, query.ciphertexts));
  return wrap(ckks::Kind::query, context, {query.program, query.key, query.id, query.images}, w.bytes());
}

ckks::Bytes write_answer(const ckks::Context& context, const Answer& answer) {
  return wrap(ckks::Kind::answer, context, {answer.program, answer.key, answer.query, answer.images},
              ckks::write_compact_ciphertexts(context, answer.ciphertexts));
}

Query read_query(const ckks::Context& context, const ckks::Digest& program, ckks::ByteSpan bytes,
                 std::string_view what) {
  const Opened opened = open(ckks::Kind::query, context, program, bytes, what);
  const Header& header = opened.header;
  ByteReader r(opened.batch, std::string(what));
  Query query{program, header.key, header.query, header.images, {}};
  get_chunks(r, query);
  query.ciphertexts = ckks::read_seeded_ciphertexts(context, r.raw(r.left()), what);
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
