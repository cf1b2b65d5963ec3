#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

/// Statistical tests of bits that should look random: NIST SP 800-22 rev. 1a. docs/randomness.md says what passing them
/// does and does not mean.
namespace obscura::randomness {

/// A sequence of bits, packed: bit i is bit 63 - i % 64 of word i / 64, and what is behind the last bit is zero.
class BitSequence {
 public:
  BitSequence() = default;

  /// `count` bits of bytes from bit `first` on, the most significant bit of each byte first. Throws ParameterError if
  /// there are not as many.
  static BitSequence from_bytes(std::span<const std::uint8_t> bytes, std::size_t first, std::size_t count);
  /// Of a text of zeros and ones; other characters are left out.
  static BitSequence from_text(const std::string& text);

  std::size_t size() const { return size_; }
  std::span<const std::uint64_t> words() const { return words_; }
  bool operator[](std::size_t i) const { return (words_[i / 64] >> (63 - i % 64) & 1) != 0; }
  /// Bits i to i + 63, bit i the most significant; zeros behind the last one.
  std::uint64_t word_at(std::size_t i) const {
    const std::size_t word = i / 64, shift = i % 64;
    const std::uint64_t high = word < words_.size() ? words_[word] << shift : 0;
    return shift == 0 || word + 1 >= words_.size() ? high : high | words_[word + 1] >> (64 - shift);
  }
  /// Ones among bits [first, first + count), which must be there.
  std::size_t ones(std::size_t first, std::size_t count) const;

  /// Appends the low `count` bits of `value`, the most significant of them first; at most 64.
  void append(std::uint64_t value, int count);
  /// Takes the first `count` bits away and returns them. Throws ParameterError if there are not as many.
  BitSequence take(std::size_t count);

  friend bool operator==(const BitSequence&, const BitSequence&) = default;

 private:
  std::vector<std::uint64_t> words_;
  std::size_t size_ = 0;
};

}  // namespace obscura::randomness
