#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "image/image.h"
#include "search/gallery_form.h"

namespace obscura::search {

/// The longest side of thumbnails.
inline constexpr std::size_t kThumbnailSide = 32;
/// Letters of a name that travel with what is found; the rest is cut off.
inline constexpr std::size_t kNameBytes = 60;

/// What is fetched of an image: all that is shown of it.
struct FoundImage {
  std::string name;
  std::int64_t label = -1;
  image::Image thumbnail;
  friend bool operator==(const FoundImage&, const FoundImage&) = default;
};

/// A picture no larger than kThumbnailSide a side, as bytes: channels:u8 height:u16 width:u16 samples; and back.
/// Reading throws FormatError for bytes that are no such picture. What is behind it (padding) is not looked at.
std::vector<std::uint8_t> thumbnail_bytes(const image::Image& picture);
image::Image read_thumbnail(std::span<const std::uint8_t> bytes);
/// The most that a thumbnail of so many channels has.
std::size_t most_thumbnail_bytes(std::size_t channels);

/// name length:u8 name:kNameBytes label:i32 thumbnail, padded to record_bytes(): all records of a gallery are as long.
std::size_t record_bytes(const GalleryForm& form);
std::vector<std::uint8_t> write_record(const GalleryImage& image, const GalleryForm& form);
FoundImage read_record(std::span<const std::uint8_t> bytes);

}  // namespace obscura::search
