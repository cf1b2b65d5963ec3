#pragma once

#include <sodium.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "ckks/wire.h"

/// What readers and writers of ckks/wire.h are made of. Reading pieces throw FormatError through their ByteReader.
namespace obscura::ckks::wire {

/// Header with room for the payload, which the caller appends; finish_envelope fills in length and checksum.
ByteWriter begin_envelope(Kind kind, const Digest& digest, std::size_t payload_bytes);
Bytes finish_envelope(ByteWriter& out);

/// The 52 bytes before a payload of this length.
Bytes envelope_head(Kind kind, const Digest& digest, std::size_t payload_bytes);

/// What the header of a file of `size` bytes says; `in` reads it. Throws FormatError for another length, too.
struct Header {
  Kind kind{};
  Digest digest{};
  std::size_t payload_bytes = 0;
};
Header get_header(ByteReader& in, ByteSpan start, std::size_t size);

/// The checksum of a file that comes in pieces.
class RunningChecksum {
 public:
  static constexpr std::size_t kBytes = 32;
  RunningChecksum();
  void add(ByteSpan bytes);
  /// Once, behind the last byte.
  std::array<std::uint8_t, kBytes> finish();

 private:
  /// Not within: it asks for an alignment of 64 bytes that not every stack frame keeps.
  std::unique_ptr<crypto_generichash_state> state_ = std::make_unique<crypto_generichash_state>();
};

/// Magic, version and kind at the start of `bytes`, which `in` reads. Throws FormatError.
Kind get_kind(ByteReader& in, ByteSpan bytes);

/// Payload of a file that must belong to the context; MismatchError otherwise.
ByteReader open_payload(const Context& context, ByteSpan bytes, Kind kind, std::string_view what);

/// The section in front of keys. Reading checks it and that the file's digest is that of these parameters.
std::size_t parameters_bytes(const Parameters& parameters);
Parameters get_parameters(ByteReader& in, const Digest& digest, std::string_view what);

/// One row of N words a prime, in the primes' widths.
std::size_t residues_bytes(std::size_t degree, std::span<const std::uint64_t> primes);
/// Throws FormatError if a residue is not reduced, MismatchError if the shape is another.
void put_residues(ByteWriter& out, const ring::Polynomial& poly, std::size_t degree,
                  std::span<const std::uint64_t> primes, std::string_view what);
ring::Polynomial get_residues(ByteReader& in, std::size_t degree, std::span<const std::uint64_t> primes);

/// Words below 2^bits.
void put_words(ByteWriter& out, const std::vector<std::uint64_t>& words, int bits, std::string_view what);
std::vector<std::uint64_t> get_words(ByteReader& in, std::size_t count, int bits);

ring::Seed get_seed(ByteReader& in);
KeyId get_key_id(ByteReader& in);
/// u16, 1 ... max.
std::size_t get_limbs(ByteReader& in, std::size_t max);
/// Finite, above 2^-64 and below 2^(log_modulus + 16): values under 1 may have a scale above the modulus.
bool sound_scale(double scale, double log_modulus);
double get_scale(ByteReader& in, double log_modulus);
bool all_zero(const ring::Polynomial& poly);

/// q[0] ... q[limbs - 1].
std::span<const std::uint64_t> chain(const Parameters& parameters, std::size_t limbs);
/// The same and the special primes of that level (special_primes): the rows of a key.
std::vector<std::uint64_t> key_rows(const Parameters& parameters, std::size_t limbs);

}  // namespace obscura::ckks::wire
