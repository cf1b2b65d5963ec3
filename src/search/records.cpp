#include "search/records.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/error.h"

namespace obscura::search {

std::size_t most_thumbnail_bytes(std::size_t channels) {
  return 5 + channels * kThumbnailSide * kThumbnailSide;
}

std::vector<std::uint8_t> thumbnail_bytes(const image::Image& picture) {
  const std::size_t longest = std::max(picture.height, picture.width);
  const auto side = [&](std::size_t of) {
    return longest <= kThumbnailSide ? of : std::max<std::size_t>(of * kThumbnailSide / longest, 1);
  };
  const image::Image small =
      longest <= kThumbnailSide ? picture : image::resize(picture, side(picture.height), side(picture.width));
  ByteWriter out;
  out.u8(static_cast<std::uint8_t>(small.channels));
  out.u16(static_cast<std::uint16_t>(small.height));
  out.u16(static_cast<std::uint16_t>(small.width));
  out.raw(small.pixels);
  return out.take();
}

image::Image read_thumbnail(std::span<const std::uint8_t> bytes) {
  ByteReader in(bytes, "a thumbnail");
  const std::size_t channels = in.u8(), height = in.u16(), width = in.u16();
  const bool sound = (channels == 1 || channels == 3) && height >= 1 && width >= 1 && height <= kThumbnailSide &&
                     width <= kThumbnailSide;
  if (!sound) in.fail("is no picture");
  const auto pixels = in.raw(channels * height * width);
  return image::Image::of(channels, height, width, {pixels.begin(), pixels.end()});
}

std::size_t record_bytes(const GalleryForm& form) {
  return 1 + kNameBytes + 4 + form.thumbnail_bytes;
}

std::vector<std::uint8_t> write_record(const GalleryImage& image, const GalleryForm& form) {
  const std::size_t letters = std::min(image.name.size(), kNameBytes);
  const auto label = static_cast<std::uint32_t>(static_cast<std::int32_t>(image.label));
  std::vector<std::uint8_t> record(std::max(record_bytes(form), 1 + kNameBytes + 4 + image.thumbnail.size()), 0);
  auto at = record.begin();
  *at++ = static_cast<std::uint8_t>(letters);
  std::copy_n(image.name.begin(), letters, at);
  at += kNameBytes;
  for (int i = 0; i < 4; ++i) *at++ = static_cast<std::uint8_t>(label >> (8 * i));
  std::ranges::copy(image.thumbnail, at);
  return record;
}

FoundImage read_record(std::span<const std::uint8_t> bytes) {
  ByteReader in(bytes, "a record of the gallery");
  const std::size_t length = in.u8();
  if (length > kNameBytes) in.fail("has a name that is too long");
  const auto name = in.raw(kNameBytes);
  FoundImage found;
  found.name.assign(name.begin(), name.begin() + static_cast<std::ptrdiff_t>(length));
  found.label = static_cast<std::int32_t>(in.u32());
  found.thumbnail = read_thumbnail(in.raw(in.left()));
  return found;
}

}  // namespace obscura::search
