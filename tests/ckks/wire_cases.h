#pragma once

#include <functional>
#include <random>
#include <string>
#include <vector>

#include "ckks/wire.h"

/// Objects of every kind made by hand (valid to a reader, meaningless to a decryptor) and what every reader must do.
namespace obscura::ckks::wire_test {

using Random = std::mt19937_64;

/// A file and the way from it to the object and back.
struct Case {
  std::string name;
  Bytes bytes;
  /// Reads, then writes again; empty where the input is sound but of other parameters than the case.
  std::function<Bytes(ByteSpan)> rewrite;
};

/// q = 97, 193, p = 257 at N = 16: files of some 200 bytes.
Parameters tiny_parameters();
/// N = 2^10, four primes from 25 to 60 bits, two special ones, two primes a digit.
Parameters small_parameters();

ring::Polynomial random_residues(std::size_t degree, const std::vector<std::uint64_t>& primes, Random& random);
Ciphertext random_ciphertext(const Context& context, std::size_t parts, std::size_t limbs, Random& random);
SeededCiphertext random_seeded(const Context& context, std::size_t limbs, Random& random);
CompactCiphertext random_compact(const Context& context, std::size_t gap, int bits, Random& random);
PublicKey random_public_key(const Context& context, Random& random);
SeededKeySwitchKey random_key(const Context& context, std::size_t limbs, Random& random);
SeededEvaluationKeys random_keys(const Context& context, Random& random);

/// One case or more for every reader of ckks/wire.h.
std::vector<Case> server_cases(const ContextPtr& context);

/// Makes length and checksum right again after the payload was changed.
void reseal(Bytes& file);
/// The same, and the digest that of the parameters at the start of the payload, if there are any.
void reseal_parameters(Bytes& file);
/// The payload replaced or written over at `at`, resealed.
Bytes patched(Bytes file, std::size_t payload_at, ByteSpan with);

/// Reads; passes if it succeeds and gives the same bytes again, or throws FormatError, MismatchError or ParameterError
/// with one line that begins with "input". Returns whether it succeeded.
bool expect_survives(const Case& subject, ByteSpan input);
/// `count` random changes, one third with the checksum as it was, one third resealed, one third with the digest, too.
void expect_survives_mutations(const Case& subject, std::size_t count, std::uint64_t seed);
/// Every shorter file, sealed or not, and some longer ones are refused.
void expect_exact_length(const Case& subject);

/// The name that readers are given here.
inline constexpr std::string_view kWhat = "input";

}  // namespace obscura::ckks::wire_test
