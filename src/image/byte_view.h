#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"

/// For this folder's .cpp files only.
namespace obscura::image {

/// A picture file that nobody has checked: integers of either byte order at given places. Nothing is read outside it;
/// the errors name the file and what kind of picture it claims to be.
class ByteView {
 public:
  /// `what` names the input in errors and must outlive the view; `kind` is "PNG" and the like.
  ByteView(std::span<const std::uint8_t> bytes, const std::string& what, const char* kind)
      : bytes_(bytes), what_(what), kind_(kind) {}

  std::size_t size() const { return bytes_.size(); }
  std::span<const std::uint8_t> all() const { return bytes_; }
  bool starts(std::size_t at, std::string_view text) const {
    return at <= size() && size() - at >= text.size() &&
           std::equal(text.begin(), text.end(), bytes_.begin() + static_cast<std::ptrdiff_t>(at),
                      [](char a, std::uint8_t b) { return static_cast<std::uint8_t>(a) == b; });
  }
  std::uint8_t byte(std::size_t at) const {
    need(at, 1);
    return bytes_[at];
  }
  std::uint32_t little(std::size_t at, std::size_t n) const {
    need(at, n);
    std::uint32_t v = 0;
    for (std::size_t i = n; i-- > 0;) v = v << 8 | bytes_[at + i];
    return v;
  }
  std::uint32_t big(std::size_t at, std::size_t n) const {
    need(at, n);
    std::uint32_t v = 0;
    for (std::size_t i = 0; i < n; ++i) v = v << 8 | bytes_[at + i];
    return v;
  }
  std::span<const std::uint8_t> part(std::size_t at, std::size_t n) const {
    need(at, n);
    return bytes_.subspan(at, n);
  }

  /// A whole picture of this kind would not be so.
  [[noreturn]] void damaged(const std::string& why) const {
    throw FormatError(what_ + " is a damaged " + kind_ + " image: " + one_line(why));
  }
  /// A whole picture, but of a sort that is not read.
  [[noreturn]] void unsupported(const std::string& why) const {
    throw FormatError(what_ + " is a " + kind_ + " image of a sort that cannot be read: " + one_line(why));
  }
  [[noreturn]] void ends_early() const { damaged("it ends early"); }

 private:
  /// What a library says may have several lines, and words of the file's own.
  static std::string one_line(std::string text) {
    for (char& c : text) c = c >= 0x20 && c < 0x7F ? c : ' ';
    return text;
  }

  void need(std::size_t at, std::size_t n) const {
    if (at > size() || size() - at < n) ends_early();
  }

  std::span<const std::uint8_t> bytes_;
  const std::string& what_;
  const char* kind_;
};

/// The longest run of zero bytes. Compressed samples hardly ever have a long one; a file that was not written to its
/// end, or lost a block of the disk, has.
inline std::size_t longest_zero_run(std::span<const std::uint8_t> bytes) {
  std::size_t longest = 0, run = 0;
  for (const std::uint8_t b : bytes) {
    run = b == 0 ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  return longest;
}

}  // namespace obscura::image
