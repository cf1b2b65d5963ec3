// Mode trusted: what a server that holds a key of its own sends and takes.
#include <utility>

#include "fuzz/readers.h"
#include "fuzz/samples.h"
#include "search/trusted_messages.h"

namespace obscura::fuzz {
namespace {

constexpr unsigned kErrors = kFormat | kMismatch | kParameter;
constexpr MemoryBound kMemory{64, std::size_t{1} << 15};
const search::QuestionId kQuestion{9, 8, 7};
/// Eight slots a ciphertext: two of them.
constexpr std::size_t kNumbers = 12;

search::GalleryVersion version() {
  return {"00112233445566778899aabbccddeeff", 7};
}

search::TrustedCard card_of(const ckks::Context& context, Random& random) {
  return {version(), {1, 3, 4}, kNumbers, drawn_public_key(context, random)};
}

}  // namespace

Reader trusted_card_reader() {
  const auto context = ckks::Context::create(tiny_parameters());
  Random random(31);
  const Bytes seed = search::write_trusted_card(*context, card_of(*context, random));
  const auto rewrite = [context](ByteSpan in) -> std::optional<Bytes> {
    return search::write_trusted_card(*context, search::read_trusted_card(*context, version(), in, "input"));
  };
  return {"trusted_card", {seed}, rewrite, kErrors, Seal::envelope, kMemory, 1024};
}

Reader trusted_query_reader() {
  const auto context = ckks::Context::create(tiny_parameters());
  Random random(32);
  search::TrustedQuery query{version(), kQuestion, 3, drawn_public_key(*context, random), {}};
  for (int i = 0; i < 2; ++i) query.picture.push_back(drawn_ciphertext(*context, 2, 2, random));
  const auto rewrite = [context](ByteSpan in) -> std::optional<Bytes> {
    return search::write_trusted_query(*context,
                                       search::read_trusted_query(*context, version(), kNumbers, in, "input"));
  };
  return {
      "trusted_query", {search::write_trusted_query(*context, query)}, rewrite, kErrors, Seal::envelope, kMemory, 2048};
}

Reader trusted_answer_reader() {
  const auto context = ckks::Context::create(tiny_parameters());
  Random random(33);
  const search::TrustedCard card = card_of(*context, random);
  search::TrustedAnswer answer{version(), kQuestion, {{4, 0.25}, {1, 0.5}}, {}};
  for (int i = 0; i < 4; ++i) answer.records.push_back(drawn_ciphertext(*context, 2, 1, random));
  const auto rewrite = [context, card](ByteSpan in) -> std::optional<Bytes> {
    return search::write_trusted_answer(*context, search::read_trusted_answer(*context, card, 2, 5, in, "input"));
  };
  return {"trusted_answer",
          {search::write_trusted_answer(*context, answer)},
          rewrite,
          kErrors,
          Seal::envelope,
          kMemory,
          2048};
}

}  // namespace obscura::fuzz
