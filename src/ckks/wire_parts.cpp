#include "ckks/wire_parts.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "ckks/wire_pack.h"

namespace obscura::ckks::wire {
namespace {

constexpr double kScaleSlackBits = 16;
constexpr double kSmallestScale = 0x1p-64;

/// Appends `size` bytes for the caller to fill.
std::uint8_t* grow(ByteWriter& out, std::size_t size) {
  out.bytes().resize(out.size() + size);
  return out.bytes().data() + out.size() - size;
}

}  // namespace

std::size_t residues_bytes(std::size_t degree, std::span<const std::uint64_t> primes) {
  std::size_t total = 0;
  for (const std::uint64_t prime : primes) total += packed_bytes(degree, std::bit_width(prime));
  return total;
}

void put_residues(ByteWriter& out, const ring::Polynomial& poly, std::size_t degree,
                  std::span<const std::uint64_t> primes, std::string_view what) {
  if (poly.degree() != degree || poly.limbs() != primes.size()) {
    throw MismatchError(std::string(what) + " has " + std::to_string(poly.limbs()) + " rows of " +
                        std::to_string(poly.degree()) + " residues, expected " + std::to_string(primes.size()) +
                        " of " + std::to_string(degree));
  }
  std::uint8_t* to = grow(out, residues_bytes(degree, primes));
  for (std::size_t i = 0; i < primes.size(); ++i) {
    const int width = std::bit_width(primes[i]);
    if (!pack_words(poly.limb(i), degree, width, primes[i], to)) {
      throw FormatError(std::string(what) + " holds a residue that is not below its prime");
    }
    to += packed_bytes(degree, width);
  }
}

ring::Polynomial get_residues(ByteReader& in, std::size_t degree, std::span<const std::uint64_t> primes) {
  const std::uint8_t* from = in.raw(residues_bytes(degree, primes)).data();
  ring::Polynomial poly(degree, primes.size());
  for (std::size_t i = 0; i < primes.size(); ++i) {
    const int width = std::bit_width(primes[i]);
    if (!unpack_words(from, degree, width, primes[i], poly.limb(i))) {
      in.fail("holds a residue that is not below its prime");
    }
    from += packed_bytes(degree, width);
  }
  return poly;
}

void put_words(ByteWriter& out, const std::vector<std::uint64_t>& words, int bits, std::string_view what) {
  if (!pack_words(words.data(), words.size(), bits, std::uint64_t{1} << bits,
                  grow(out, packed_bytes(words.size(), bits)))) {
    throw FormatError(std::string(what) + " holds a word of more than " + std::to_string(bits) + " bits");
  }
}

std::vector<std::uint64_t> get_words(ByteReader& in, std::size_t count, int bits) {
  const auto from = in.raw(packed_bytes(count, bits));
  std::vector<std::uint64_t> words(count);
  if (!unpack_words(from.data(), count, bits, std::uint64_t{1} << bits, words.data())) {
    in.fail("has bits set between its words");
  }
  return words;
}

ring::Seed get_seed(ByteReader& in) {
  ring::Seed seed;
  std::ranges::copy(in.raw(seed.size()), seed.begin());
  return seed;
}

KeyId get_key_id(ByteReader& in) {
  KeyId id;
  std::ranges::copy(in.raw(id.size()), id.begin());
  return id;
}

std::size_t get_limbs(ByteReader& in, std::size_t max) {
  const std::size_t limbs = in.u16();
  if (limbs == 0 || limbs > max) {
    in.fail("has " + std::to_string(limbs) + " limbs, expected 1 to " + std::to_string(max));
  }
  return limbs;
}

bool sound_scale(double scale, double log_modulus) {
  return std::isfinite(scale) && scale > kSmallestScale && std::log2(scale) < log_modulus + kScaleSlackBits;
}

double get_scale(ByteReader& in, double log_modulus) {
  const double scale = in.f64();
  if (!sound_scale(scale, log_modulus)) {
    in.fail("has an impossible scale, expected at most 2^" + std::to_string(std::lround(log_modulus)));
  }
  return scale;
}

bool all_zero(const ring::Polynomial& poly) {
  for (std::size_t i = 0; i < poly.limbs(); ++i) {
    const std::uint64_t* row = poly.limb(i);
    if (std::any_of(row, row + poly.degree(), [](std::uint64_t v) { return v != 0; })) return false;
  }
  return true;
}

std::span<const std::uint64_t> chain(const Parameters& parameters, std::size_t limbs) {
  return std::span<const std::uint64_t>(parameters.q).first(limbs);
}

std::vector<std::uint64_t> key_rows(const Parameters& parameters, std::size_t limbs) {
  const auto q = chain(parameters, limbs);
  std::vector<std::uint64_t> rows(q.begin(), q.end());
  const auto special = static_cast<std::ptrdiff_t>(special_primes(parameters, limbs));
  rows.insert(rows.end(), parameters.p.begin(), parameters.p.begin() + special);
  return rows;
}

}  // namespace obscura::ckks::wire
