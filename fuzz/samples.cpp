#include "fuzz/samples.h"

#include <utility>

namespace obscura::fuzz {
namespace {

template <class T>
T drawn(Random& random) {
  T bytes;
  for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
  return bytes;
}

std::span<const std::uint64_t> chain(const ckks::Context& context, std::size_t limbs) {
  return std::span(context.parameters().q).first(limbs);
}

ckks::SeededKeySwitchKey drawn_key(const ckks::Context& context, std::size_t limbs, Random& random) {
  const auto q = chain(context, limbs);
  std::vector<std::uint64_t> rows(q.begin(), q.end());
  rows.insert(rows.end(), context.parameters().p.begin(), context.parameters().p.end());
  ckks::SeededKeySwitchKey key{drawn_seed(random), limbs, {}};
  for (std::size_t j = 0; j < context.digits(limbs); ++j) key.b.push_back(drawn_residues(context, rows, random));
  return key;
}

}  // namespace

ckks::Parameters tiny_parameters() {
  return {4, {97, 193}, {257}, 1, true};
}

ckks::Parameters answer_parameters() {
  ckks::Parameters parameters = ckks::make_parameters(4, {45}, {46});
  parameters.insecure = true;
  return parameters;
}

ring::Seed drawn_seed(Random& random) {
  return drawn<ring::Seed>(random);
}

ckks::KeyId drawn_id(Random& random) {
  return drawn<ckks::KeyId>(random);
}

ring::Polynomial drawn_residues(const ckks::Context& context, std::span<const std::uint64_t> primes, Random& random) {
  ring::Polynomial poly(context.degree(), primes.size());
  for (std::size_t i = 0; i < primes.size(); ++i) {
    for (std::size_t k = 0; k < context.degree(); ++k) poly.limb(i)[k] = random() % primes[i];
  }
  return poly;
}

ckks::Ciphertext drawn_ciphertext(const ckks::Context& context, std::size_t parts, std::size_t limbs, Random& random) {
  ckks::Ciphertext c;
  c.context = context.digest();
  c.scale = 32.25;
  for (std::size_t i = 0; i < parts; ++i) c.parts.push_back(drawn_residues(context, chain(context, limbs), random));
  return c;
}

ckks::SeededCiphertext drawn_seeded(const ckks::Context& context, std::size_t limbs, Random& random) {
  return {context.digest(), drawn_residues(context, chain(context, limbs), random), drawn_seed(random), 40.5};
}

ckks::CompactCiphertext drawn_compact(const ckks::Context& context, std::size_t gap, int bits, Random& random) {
  ckks::CompactCiphertext c{context.digest(), context.degree(), gap, bits, 9.25, {}, {}};
  const std::uint64_t mask = (std::uint64_t{1} << bits) - 1;
  for (std::size_t i = 0; i < context.degree() / gap; ++i) c.c0.push_back(random() & mask);
  for (std::size_t i = 0; i < context.degree(); ++i) c.c1.push_back(random() & mask);
  return c;
}

ckks::PublicKey drawn_public_key(const ckks::Context& context, Random& random) {
  return {context.digest(), drawn_residues(context, context.parameters().q, random), drawn_seed(random),
          drawn_id(random)};
}

ckks::SeededEvaluationKeys drawn_keys(const ckks::Context& context, Random& random) {
  const std::size_t top = context.max_limbs();
  ckks::SeededEvaluationKeys keys{context.digest(), drawn_key(context, top, random), {}, drawn_id(random)};
  keys.galois.emplace(3, drawn_key(context, 1, random));
  keys.galois.emplace(9, drawn_key(context, top, random));
  keys.galois.emplace(2 * context.degree() - 1, drawn_key(context, 1, random));
  return keys;
}

Bytes bytes_of(std::string_view text) {
  return {text.begin(), text.end()};
}

std::string text_of(ByteSpan bytes) {
  return {bytes.begin(), bytes.end()};
}

}  // namespace obscura::fuzz
