#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"

namespace obscura {

/// Appends little-endian values to a growing byte string.
class ByteWriter {
 public:
  void u8(std::uint8_t v) { bytes_.push_back(v); }
  void u16(std::uint16_t v) { fixed(v, 2); }
  void u32(std::uint32_t v) { fixed(v, 4); }
  void u64(std::uint64_t v) { fixed(v, 8); }
  void f64(double v) {
    std::uint64_t bits;
    std::memcpy(&bits, &v, 8);
    u64(bits);
  }
  void raw(std::span<const std::uint8_t> v) {
    if (v.empty()) return;
    const std::size_t at = bytes_.size();
    bytes_.resize(at + v.size());
    std::memcpy(bytes_.data() + at, v.data(), v.size());
  }
  /// u32 length, then the characters.
  void text(const std::string& v) {
    u32(static_cast<std::uint32_t>(v.size()));
    raw({reinterpret_cast<const std::uint8_t*>(v.data()), v.size()});
  }
  std::size_t size() const { return bytes_.size(); }
  std::vector<std::uint8_t>& bytes() { return bytes_; }
  std::vector<std::uint8_t> take() { return std::move(bytes_); }

 private:
  void fixed(std::uint64_t v, int n) {
    std::uint8_t little[8];
    for (int i = 0; i < n; ++i) little[i] = static_cast<std::uint8_t>(v >> (8 * i));
    raw({little, static_cast<std::size_t>(n)});
  }
  std::vector<std::uint8_t> bytes_;
};

/// Reads what ByteWriter wrote from input that nobody has checked. Every read throws FormatError with the name of
/// what was being read if the bytes are not there; nothing is allocated before the bytes behind it were seen.
class ByteReader {
 public:
  /// `what` names the input in error messages ("ciphertext", "evaluation key", a file name).
  ByteReader(std::span<const std::uint8_t> bytes, std::string what) : bytes_(bytes), what_(std::move(what)) {}

  std::uint8_t u8() { return static_cast<std::uint8_t>(fixed(1)); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(fixed(2)); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(fixed(4)); }
  std::uint64_t u64() { return fixed(8); }
  double f64() {
    const std::uint64_t bits = u64();
    double v;
    std::memcpy(&v, &bits, 8);
    return v;
  }
  std::span<const std::uint8_t> raw(std::size_t n) {
    if (n > bytes_.size() - at_) fail("is truncated");
    const auto part = bytes_.subspan(at_, n);
    at_ += n;
    return part;
  }
  std::string text(std::size_t max = 4096) {
    const std::size_t n = u32();
    if (n > max) fail("holds a text that is too long");
    const auto part = raw(n);
    return {reinterpret_cast<const char*>(part.data()), part.size()};
  }
  std::size_t left() const { return bytes_.size() - at_; }
  void finish() const {
    if (left() != 0) fail("has " + std::to_string(left()) + " bytes too many");
  }
  [[noreturn]] void fail(const std::string& problem) const { throw FormatError(what_ + " " + problem); }

 private:
  std::uint64_t fixed(int n) {
    const auto part = raw(static_cast<std::size_t>(n));
    std::uint64_t v = 0;
    for (int i = 0; i < n; ++i) v |= std::uint64_t{part[static_cast<std::size_t>(i)]} << (8 * i);
    return v;
  }
  std::span<const std::uint8_t> bytes_;
  std::string what_;
  std::size_t at_ = 0;
};

}  // namespace obscura
