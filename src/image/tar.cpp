#include "image/tar.h"

#include <algorithm>

#include "base/error.h"
#include "image/inflate.h"

namespace obscura::image {
namespace {

constexpr std::size_t kBlock = 512;
constexpr std::size_t kStep = std::size_t{1} << 20;
/// No archive that is read here holds more.
constexpr std::uint64_t kMaxMember = std::uint64_t{1} << 32;

/// Octal digits up to a space or NUL, as tar writes numbers.
std::uint64_t octal(std::span<const std::uint8_t> field, const std::string& what) {
  std::uint64_t value = 0;
  for (const std::uint8_t c : field) {
    if (c == ' ' || c == 0) continue;
    if (c < '0' || c > '7') throw FormatError(what + " is not a tar archive that can be read: a number is wrong");
    value = value * 8 + (c - '0');
  }
  return value;
}

void require_checksum(std::span<const std::uint8_t> header, const std::string& what) {
  std::uint64_t sum = 8 * ' ';  // the checksum's own field counts as blanks
  for (std::size_t i = 0; i < kBlock; ++i) sum += i < 148 || i >= 156 ? header[i] : 0;
  if (sum != octal(header.subspan(148, 8), what)) throw FormatError(what + " is not a tar archive, or a damaged one");
}

std::string last_name(std::span<const std::uint8_t> field) {
  const std::string name(field.begin(), std::find(field.begin(), field.end(), 0));
  return name.substr(name.find_last_of('/') + 1);
}

}  // namespace

void read_tar(std::span<const std::uint8_t> bytes, const std::string& what, std::size_t max_bytes,
              const std::function<bool(const std::string&)>& wanted,
              const std::function<void(const std::string&, std::vector<std::uint8_t>)>& store) {
  InflateReader in(bytes, what);
  for (;;) {
    const auto block = in.read(kBlock);
    const std::span header(block);
    if (std::all_of(block.begin(), block.end(), [](std::uint8_t b) { return b == 0; })) return;
    require_checksum(header, what);
    const std::uint64_t size = octal(header.subspan(124, 12), what);
    if (size > kMaxMember) throw FormatError(what + " claims to hold a file that is too large");
    const std::string name = last_name(header.first(100));
    const bool regular = header[156] == '0' || header[156] == 0;
    std::uint64_t skip = (kBlock - size % kBlock) % kBlock;
    if (regular && wanted(name)) {
      if (size > max_bytes) throw FormatError(what + " holds a " + name + " that is too large");
      store(name, in.read(size));
    } else {
      skip += size;
    }
    for (; skip > 0; skip -= std::min<std::uint64_t>(skip, kStep)) in.read(std::min<std::uint64_t>(skip, kStep));
  }
}

}  // namespace obscura::image
