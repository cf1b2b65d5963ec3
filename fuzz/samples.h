#pragma once

#include "ckks/wire.h"
#include "fuzz/reader.h"

/// Objects for seeds: sound to a reader, small, and the same in every run.
namespace obscura::fuzz {

/// q = 97, 193, p = 257 at N = 16: files of some 200 bytes, read in microseconds.
ckks::Parameters tiny_parameters();
/// One prime of 45 bits at N = 16: room for a message.
ckks::Parameters answer_parameters();

ring::Seed drawn_seed(Random& random);
ckks::KeyId drawn_id(Random& random);
ring::Polynomial drawn_residues(const ckks::Context& context, std::span<const std::uint64_t> primes, Random& random);
ckks::Ciphertext drawn_ciphertext(const ckks::Context& context, std::size_t parts, std::size_t limbs, Random& random);
ckks::SeededCiphertext drawn_seeded(const ckks::Context& context, std::size_t limbs, Random& random);
ckks::CompactCiphertext drawn_compact(const ckks::Context& context, std::size_t gap, int bits, Random& random);
ckks::PublicKey drawn_public_key(const ckks::Context& context, Random& random);
ckks::SeededEvaluationKeys drawn_keys(const ckks::Context& context, Random& random);

Bytes bytes_of(std::string_view text);
std::string text_of(ByteSpan bytes);

}  // namespace obscura::fuzz
