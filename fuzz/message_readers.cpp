// What travels between an owner and a server, and what an owner keeps.
#include <cmath>
#include <utility>

#include "fuzz/readers.h"
#include "fuzz/samples.h"
#include "fuzz/tiny_owner.h"
#include "message/client_wire.h"
#include "message/messages.h"
#include "owner/query_record.h"

namespace obscura::fuzz {
namespace {

using message::Mode;

constexpr unsigned kErrors = kFormat | kMismatch | kParameter;
constexpr MemoryBound kMemory{32, std::size_t{1} << 15};

/// A picture of four chunks, of which those with edges are encrypted.
message::ClientSpec chunk_client(message::Policy policy) {
  message::ClientSpec client = tiny_client(Mode::packed);
  client.input = {1, 4, 4};
  message::Chunked chunked;
  chunked.cut = {client.input, 2, 2, policy == message::Policy::hidden ? std::size_t{2} : 0};
  chunked.policy = policy;
  chunked.wide = 2;
  client.chunks = chunked;
  return client;
}

message::Query chunk_query(const message::ClientSpec& client) {
  Random random(11);
  const auto context = ckks::Context::create(client.parameters);
  message::Query query{client.program, drawn_id(random), {}, 1, {}, {1, -2, 3, -4}, {0, 0.5F, 1, -1, 2, 3, 4, 5}};
  for (std::size_t i = 0; i < client.queries(2); ++i) query.ciphertexts.push_back(drawn_seeded(*context, 1, random));
  query.id = message::id_of(query);
  return query;
}

/// Reads as a server does, up to where it would compute.
Reader query_reader_of(std::string name, message::ClientSpec client, const message::Query& query) {
  const auto context = ckks::Context::create(client.parameters);
  const Bytes seed = message::write_query(*context, query);
  const auto rewrite = [context, client = std::move(client)](ByteSpan in) -> std::optional<Bytes> {
    const auto read = message::read_query(*context, client.program, in, "input");
    message::check_contents(client, {read.ciphertexts.size(), read.chunks, read.plain.size()}, "input");
    return message::write_query(*context, read);
  };
  return {std::move(name), {seed}, rewrite, kErrors, Seal::envelope, kMemory, 4096};
}

/// Reads as an owner does, decryption and judgement of what came out included.
Reader answer_reader_of(std::string name, Mode mode) {
  const auto owner = tiny_owner(tiny_client(mode));
  const auto answer = echo(*owner, owner->encrypt(tiny_images(mode)));
  const Bytes seed = message::write_answer(*owner->context(), answer);
  const auto rewrite = [owner, ticket = tiny_ticket(mode)](ByteSpan in) -> std::optional<Bytes> {
    const auto read = message::read_answer(*owner->context(), owner->client().program, in, "input");
    for (const auto& reading : owner->read(read, ticket)) {
      const bool failed = reading.trust == owner::Trust::failed;
      if (failed && reading.reason.empty()) throw Fault("answer: failed without a reason");
      for (const double logit : reading.logits) {
        if (!failed && !std::isfinite(logit)) throw Fault("answer: believed, and no number");
      }
    }
    return message::write_answer(*owner->context(), read);
  };
  return {std::move(name), {seed}, rewrite, kErrors, Seal::envelope, {64, std::size_t{1} << 15}, 2048};
}

std::optional<Bytes> rewrite_spec(ByteSpan in) {
  return message::write_client_spec(message::read_client_spec(in, "input"));
}

}  // namespace

Reader query_reader() {
  const message::ClientSpec client = tiny_client(Mode::packed);
  Random random(12);
  const auto context = ckks::Context::create(client.parameters);
  message::Query query{client.program, drawn_id(random), {}, 1, {drawn_seeded(*context, 1, random)}, {}, {}};
  query.id = message::id_of(query);
  return query_reader_of("query", client, query);
}

Reader chunk_query_reader() {
  const message::ClientSpec client = chunk_client(message::Policy::features);
  return query_reader_of("chunk_query", client, chunk_query(client));
}

Reader answer_reader() {
  return answer_reader_of("answer", Mode::packed);
}

Reader batched_answer_reader() {
  return answer_reader_of("batched_answer", Mode::batched);
}

Reader client_spec_reader() {
  message::ClientSpec packed = tiny_client(Mode::packed), batched = tiny_client(Mode::batched);
  packed.preprocessing.mean = {0.125F};
  packed.keys.relin_limbs = 1;
  packed.keys.galois = {{3, 1}, {9, 1}};
  return {"client_spec",
          {message::write_client_spec(packed), message::write_client_spec(batched)},
          rewrite_spec,
          kErrors,
          Seal::envelope,
          kMemory,
          2048};
}

Reader chunk_spec_reader() {
  std::vector<Bytes> seeds;
  for (const auto policy : {message::Policy::all, message::Policy::features, message::Policy::hidden}) {
    seeds.push_back(message::write_client_spec(chunk_client(policy)));
  }
  return {"chunk_spec", seeds, rewrite_spec, kErrors, Seal::envelope, kMemory, 2048};
}

Reader query_record_reader() {
  const owner::QueryRecord record{{1, 2}, {{3, 4}, 2}, {{"a.png", ""}, {"b.png", "all of one colour"}}};
  const auto rewrite = [](ByteSpan in) -> std::optional<Bytes> {
    return owner::write_query_record(owner::read_query_record(in, "input"));
  };
  return {"query_record", {owner::write_query_record(record)}, rewrite, kFormat, Seal::envelope, kMemory, 1024};
}

}  // namespace obscura::fuzz
