#include "image/container.h"

#include <array>
#include <cctype>
#include <optional>
#include <utility>

#include "image/byte_view.h"

namespace obscura::image {
namespace {

constexpr const char* kReadable = "PNG, JPEG, BMP, WebP, TIFF, GIF, PBM, PGM and PPM can be read";

struct Signature {
  std::string_view bytes;
  const char* name;
};

/// Kinds of picture that people have and that are not read. The first four bytes of the ISO family are a length.
std::optional<std::string> foreign_kind(const ByteView& file) {
  constexpr std::array<std::pair<const char*, const char*>, 6> kBrands{{{"heic", "a HEIC image"},
                                                                        {"heix", "a HEIC image"},
                                                                        {"mif1", "a HEIF image"},
                                                                        {"msf1", "a HEIF image"},
                                                                        {"avif", "an AVIF image"},
                                                                        {"avis", "an AVIF image"}}};
  if (file.starts(4, "ftyp")) {
    for (const auto& [brand, name] : kBrands) {
      if (file.starts(8, brand)) return name;
    }
    return "a video or an image of an ISO media file";
  }
  constexpr std::array<Signature, 9> kOthers{{{"\xFF\x4F\xFF\x51", "a JPEG 2000 image"},
                                              {std::string_view("\0\0\0\x0CjP  ", 8), "a JPEG 2000 image"},
                                              {"\xFF\x0A", "a JPEG XL image"},
                                              {std::string_view("\0\0\0\x0CJXL ", 8), "a JPEG XL image"},
                                              {"8BPS", "a Photoshop file"},
                                              {"%PDF", "a PDF document"},
                                              {"<svg", "an SVG drawing"},
                                              {"P7\n", "a PAM image"},
                                              {"v/1\x01", "an OpenEXR image"}}};
  for (const Signature& other : kOthers) {
    if (file.starts(0, other.bytes)) return other.name;
  }
  return std::nullopt;
}

std::optional<Container> known_kind(const ByteView& file) {
  if (file.starts(0, "\x89PNG\r\n\x1a\n")) return Container::png;
  if (file.starts(0, "\xFF\xD8\xFF")) return Container::jpeg;
  if (file.starts(0, "BM")) return Container::bmp;
  if (file.starts(0, "RIFF") && file.starts(8, "WEBP")) return Container::webp;
  if (file.starts(0, "GIF87a") || file.starts(0, "GIF89a")) return Container::gif;
  for (const auto magic : {std::string_view("II*\0", 4), std::string_view("MM\0*", 4), std::string_view("II+\0", 4),
                           std::string_view("MM\0+", 4)}) {
    if (file.starts(0, magic)) return Container::tiff;
  }
  const bool pnm = file.size() > 2 && file.starts(0, "P") && file.byte(1) >= '1' && file.byte(1) <= '6';
  if (pnm && (std::isspace(file.byte(2)) != 0 || file.byte(2) == '#')) return Container::pnm;
  return std::nullopt;
}

}  // namespace

const char* name_of(Container container) {
  constexpr std::array<const char*, 7> kNames = {"PNG", "JPEG", "BMP", "WebP", "PBM, PGM or PPM", "TIFF", "GIF"};
  return kNames.at(static_cast<std::size_t>(container));
}

Container container_of(std::span<const std::uint8_t> bytes, const std::string& what) {
  if (bytes.empty()) throw FormatError(what + " is empty: not an image");
  const ByteView file(bytes, what, "");
  if (const auto kind = known_kind(file)) return *kind;
  if (const auto kind = foreign_kind(file)) {
    throw FormatError(what + " is " + *kind + ", which cannot be read: convert it to PNG (" + kReadable + ")");
  }
  throw FormatError(what + " is not an image (" + kReadable + ")");
}

bool is_misnamed(const std::filesystem::path& path, Container container) {
  std::string ending = path.extension().string();
  for (char& c : ending) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  constexpr std::array<std::pair<const char*, Container>, 14> kEndings{{{".png", Container::png},
                                                                        {".apng", Container::png},
                                                                        {".jpg", Container::jpeg},
                                                                        {".jpeg", Container::jpeg},
                                                                        {".jfif", Container::jpeg},
                                                                        {".bmp", Container::bmp},
                                                                        {".webp", Container::webp},
                                                                        {".pbm", Container::pnm},
                                                                        {".pgm", Container::pnm},
                                                                        {".ppm", Container::pnm},
                                                                        {".pnm", Container::pnm},
                                                                        {".tif", Container::tiff},
                                                                        {".tiff", Container::tiff},
                                                                        {".gif", Container::gif}}};
  for (const auto& [known, kind] : kEndings) {
    if (ending == known) return kind != container;
  }
  return false;
}

}  // namespace obscura::image
