#include "runtime/messages.h"

#include <algorithm>

#include "base/bytes.h"

namespace obscura::runtime {
namespace {

ckks::Bytes wrap(ckks::Kind kind, const ckks::Context& context, const ckks::Digest& program, std::size_t images,
                 const ckks::Bytes& batch) {
  ByteWriter w;
  w.bytes().reserve(batch.size() + 36);
  w.raw(program);
  w.u32(static_cast<std::uint32_t>(images));
  w.raw(batch);
  return ckks::seal_envelope(kind, context.digest(), w.bytes());
}

struct Opened {
  std::size_t images;
  ckks::ByteSpan batch;
};

Opened open(ckks::Kind kind, const ckks::Context& context, const ckks::Digest& program, ckks::ByteSpan bytes,
            std::string_view what) {
  const auto envelope = ckks::open_envelope(bytes, kind, what);
  ByteReader r(envelope.payload, std::string(what));
  const auto named = r.raw(program.size());
  if (envelope.digest != context.digest() || !std::equal(named.begin(), named.end(), program.begin())) {
    throw MismatchError(std::string(what) + " was made for another network (or another version or layout of it)");
  }
  const std::size_t images = r.u32();
  if (images == 0 || images > context.slots()) r.fail("names " + std::to_string(images) + " images");
  return {images, r.raw(r.left())};
}

}  // namespace

ckks::Bytes write_query(const ckks::Context& context, const Query& query) {
  return wrap(ckks::Kind::query, context, query.program, query.images,
              ckks::write_seeded_ciphertexts(context, query.ciphertexts));
}

ckks::Bytes write_answer(const ckks::Context& context, const Answer& answer) {
  return wrap(ckks::Kind::answer, context, answer.program, answer.images,
              ckks::write_compact_ciphertexts(context, answer.ciphertexts));
}

Query read_query(const ckks::Context& context, const ckks::Digest& program, ckks::ByteSpan bytes,
                 std::string_view what) {
  const Opened opened = open(ckks::Kind::query, context, program, bytes, what);
  return {program, opened.images, ckks::read_seeded_ciphertexts(context, opened.batch, what)};
}

Answer read_answer(const ckks::Context& context, const ckks::Digest& program, ckks::ByteSpan bytes,
                   std::string_view what) {
  const Opened opened = open(ckks::Kind::answer, context, program, bytes, what);
  return {program, opened.images, ckks::read_compact_ciphertexts(context, opened.batch, what)};
}

}  // namespace obscura::runtime
