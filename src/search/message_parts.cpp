#include "search/message_parts.h"

#include <fmt/format.h>
#include <sodium.h>

#include "base/error.h"

namespace obscura::search {
namespace {

constexpr std::size_t kIdBytes = 16;

}  // namespace

void put_version(ByteWriter& w, const GalleryVersion& gallery) {
  std::array<std::uint8_t, kIdBytes> id{};
  std::size_t length = 0;
  const bool sound =
      gallery.id.size() == 2 * kIdBytes &&
      sodium_hex2bin(id.data(), id.size(), gallery.id.data(), gallery.id.size(), nullptr, &length, nullptr) == 0 &&
      length == kIdBytes;
  if (!sound) throw FormatError("'" + gallery.id.substr(0, 40) + "' is no id of a gallery");
  w.raw(id);
  w.u64(static_cast<std::uint64_t>(gallery.version));
}

GalleryVersion get_version(ByteReader& r) {
  const auto id = r.raw(kIdBytes);
  std::string hex(2 * kIdBytes + 1, '\0');
  sodium_bin2hex(hex.data(), hex.size(), id.data(), id.size());
  hex.pop_back();
  const std::uint64_t version = r.u64();
  if (version == 0 || version > INT64_MAX) r.fail("has a version that there is not");
  return {hex, static_cast<std::int64_t>(version)};
}

void require_version(ByteReader& r, const GalleryVersion& expected, std::string_view what) {
  const GalleryVersion found = get_version(r);
  if (found == expected) return;
  if (found.id != expected.id) {
    throw MismatchError(fmt::format("{} is of another gallery ({}...) than this one ({}...)", what,
                                    found.id.substr(0, 8), expected.id.substr(0, 8)));
  }
  throw MismatchError(fmt::format(
      "{} is of version {} of the gallery, and this is version {}: images were added or removed; ask again with the "
      "newer card",
      what, found.version, expected.version));
}

}  // namespace obscura::search
