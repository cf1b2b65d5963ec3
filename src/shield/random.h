#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ring/random.h"

/// Where the keys of shields come from: all of it from a 256-bit seed, the same on every machine.
namespace obscura::shield {

using ring::Seed;

/// What makes the key of one image differ from that of the next. Not secret; stands in the protected file.
using Nonce = std::array<std::uint8_t, 16>;

/// From the operating system's generator.
Nonce random_nonce();

/// BLAKE2b-256, keyed with the parent, of a purpose and numbers: independent seeds from one.
Seed derive(const Seed& parent, std::string_view purpose, std::span<const std::uint64_t> numbers = {});

/// The key of one image: BLAKE2b-256 of the nonce, keyed with the master seed.
Seed image_seed(const Seed& master, const Nonce& nonce);

/// 64 bits that tell keys apart and nothing else about them: stands in protected files.
std::uint64_t fingerprint(const Seed& seed);

/// Lower-case hexadecimal, two digits a byte.
std::string to_hex(std::span<const std::uint8_t> bytes);
/// The reverse, for exactly out.size() bytes in lower or upper case. False if `text` is anything else.
bool from_hex(std::string_view text, std::span<std::uint8_t> out);

/// Numbers drawn from the ChaCha20 stream of a seed. No standard distribution is used: those differ from library to
/// library. Wiped on destruction.
class Draws {
 public:
  explicit Draws(const Seed& seed) : stream_(seed, 0) {}
  ~Draws();
  Draws(const Draws&) = delete;
  Draws& operator=(const Draws&) = delete;

  std::uint8_t byte();
  /// Uniform in [0, n), 0 < n < 2^32, without bias: D. Lemire, "Fast Random Integer Generation in an Interval",
  /// ACM TOMACS 29(1), 2019.
  std::uint32_t below(std::uint32_t n);
  /// Uniform in [-1, 1): 2^53 values.
  double signed_unit();
  /// Uniform in [-1, 1): 2^24 values, each exact in single precision.
  double signed_unit_24();
  /// Normal with mean 0 and variance 1, by pairs: G. E. P. Box, M. E. Muller, "A Note on the Generation of Random
  /// Normal Deviates", Ann. Math. Statist. 29(2), 1958. Rounded to single precision it is the same wherever log, cos
  /// and sin are good to a few units in the last place of a double, but for one number in some hundred million.
  double normal();
  /// A uniform permutation of 0 to n - 1: R. A. Fisher and F. Yates, in the form of R. Durstenfeld, CACM 7(7), 1964.
  std::vector<std::uint32_t> permutation(std::size_t n);

 private:
  /// Little-endian.
  template <std::size_t bytes>
  std::uint64_t word();
  std::uint64_t split_word(std::size_t bytes);  // one that the buffer holds in part
  ring::RandomStream stream_;
  std::array<std::uint8_t, 1024> buffer_{};
  std::size_t at_ = buffer_.size();
  std::optional<double> spare_normal_;
};

/// inverse[p[i]] = i.
std::vector<std::uint32_t> inverse(const std::vector<std::uint32_t>& permutation);

/// log2(n!).
double log2_factorial(double n);

}  // namespace obscura::shield
