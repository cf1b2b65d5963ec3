#include "shield/container.h"

#include <sodium.h>
#include <zlib.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/bytes.h"
#include "base/error.h"
#include "base/printable.h"
#include "image/class_folders.h"

namespace obscura::shield {
namespace {

using nlohmann::ordered_json;
using Bytes = std::vector<std::uint8_t>;

constexpr char kMagic[] = {'O', 'B', 'S', 'H', 'I', 'E', 'L', 'D'};
constexpr std::uint16_t kVersion = 1;
constexpr std::string_view kKeyword{"obscura-shield\0", 15};  // a tEXt chunk's keyword ends with a zero
constexpr std::size_t kSignature = 8;                         // of a PNG file
constexpr std::size_t kHeaderEnd = kSignature + 25;           // behind its first chunk
constexpr std::size_t kChecksum = 32;

std::uint32_t big_endian(const std::uint8_t* p) {
  return std::uint32_t{p[0]} << 24 | std::uint32_t{p[1]} << 16 | std::uint32_t{p[2]} << 8 | p[3];
}

void append_big_endian(Bytes& out, std::size_t v) {
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<std::uint8_t>(v >> shift));
}

std::string label_text(const Label& label) {
  ordered_json json = {{"version", kVersion},
                       {"shield", label.parameters.shield},
                       {"block", label.parameters.block},
                       {"arithmetic", to_string(label.parameters.arithmetic)},
                       {"width", label.width},
                       {"height", label.height},
                       {"key", label.key}};
  if (is_encoder(label.parameters.shield)) {
    json["depth"] = label.parameters.depth;
    json["hidden"] = label.parameters.hidden;
    json["channels"] = label.parameters.channels;
    json["statistics"] = to_string(label.parameters.statistics);
  }
  if (label.nonce) json["nonce"] = to_hex(*label.nonce);
  return json.dump();
}

/// A whole number, which a JSON file may write in other ways, or beyond any type.
template <class T>
T whole(const ordered_json& json, const char* name, const std::string& what) {
  const ordered_json& value = json.at(name);
  const bool sound = value.is_number_unsigned()
                         ? std::in_range<T>(value.get<std::uint64_t>())
                         : value.is_number_integer() && std::in_range<T>(value.get<std::int64_t>());
  if (!sound) throw FormatError(what + " has a label whose " + name + " is no number that can be");
  return value.get<T>();
}

Label read_label(std::string_view text, const std::string& what) {
  try {
    const auto json = ordered_json::parse(text);
    if (json.at("version") != kVersion) throw FormatError(what + " has a label of another version");
    const std::string arithmetic = json.at("arithmetic");
    Label out;
    Parameters p{json.at("shield"), whole<std::uint32_t>(json, "block", what),
                 arithmetic == "real" ? Arithmetic::real : Arithmetic::modular};
    if (is_encoder(p.shield)) {
      p.depth = whole<std::int8_t>(json, "depth", what);
      p.hidden = whole<std::uint16_t>(json, "hidden", what);
      p.channels = whole<std::uint8_t>(json, "channels", what);
      p.statistics = parse_statistics(json.at("statistics"));
    }
    out.parameters = complete(p);
    out.width = whole<std::uint32_t>(json, "width", what);
    out.height = whole<std::uint32_t>(json, "height", what);
    out.key = whole<std::uint64_t>(json, "key", what);
    if (json.contains("nonce") && !from_hex(json.at("nonce").get<std::string>(), out.nonce.emplace())) {
      throw FormatError(what + " has a label with a damaged nonce");
    }
    return out;
  } catch (const nlohmann::json::exception&) {
    throw FormatError(what + " has a damaged label");
  } catch (const UsageError& e) {
    throw FormatError(what + " has a label that cannot be: " + e.what());
  }
}

Label parse_label(std::string_view text, const std::string& what) {
  return with_printable_errors([&] { return read_label(text, what); });
}

Bytes with_label(const Bytes& png, const std::string& text) {
  Bytes chunk = {'t', 'E', 'X', 't'};
  chunk.insert(chunk.end(), kKeyword.begin(), kKeyword.end());
  chunk.insert(chunk.end(), text.begin(), text.end());
  Bytes out(png.begin(), png.begin() + kHeaderEnd);
  append_big_endian(out, chunk.size() - 4);
  out.insert(out.end(), chunk.begin(), chunk.end());
  append_big_endian(out, crc32(0, chunk.data(), static_cast<uInt>(chunk.size())));
  out.insert(out.end(), png.begin() + kHeaderEnd, png.end());
  return out;
}

/// The label's text in a PNG whose chunks and checksums were verified.
std::optional<std::string_view> find_label(std::span<const std::uint8_t> file) {
  if (file.size() < kHeaderEnd || file[0] != 0x89 || file[1] != 'P') return std::nullopt;
  for (std::size_t at = kSignature; at + 12 <= file.size();) {
    const std::size_t length = big_endian(&file[at]);
    if (length > file.size() - at - 12) break;
    const std::string_view body(reinterpret_cast<const char*>(&file[at + 8]), length);
    if (std::memcmp(&file[at + 4], "tEXt", 4) == 0 && body.starts_with(kKeyword)) return body.substr(kKeyword.size());
    at += 12 + length;
  }
  return std::nullopt;
}

Bytes checksum(std::span<const std::uint8_t> bytes) {
  Bytes out(kChecksum);
  crypto_generichash(out.data(), out.size(), bytes.data(), bytes.size(), nullptr, 0);
  return out;
}

bool is_real_file(std::span<const std::uint8_t> bytes) {
  return bytes.size() >= sizeof kMagic && std::memcmp(bytes.data(), kMagic, sizeof kMagic) == 0;
}

Bytes encode_real(const Label& label, const RealImage& picture) {
  if (picture.values.empty()) throw ParameterError("an empty picture cannot be written");
  ByteWriter out;
  out.raw({reinterpret_cast<const std::uint8_t*>(kMagic), sizeof kMagic});
  out.u16(kVersion);
  out.text(label_text(label));
  for (const std::size_t v : {picture.channels, picture.height, picture.width}) out.u32(static_cast<std::uint32_t>(v));
  for (const float v : picture.values) out.u32(std::bit_cast<std::uint32_t>(v));
  out.raw(checksum(out.bytes()));
  return out.take();
}

Labelled decode_real(std::span<const std::uint8_t> bytes, const std::string& what) {
  ByteReader in(bytes, what);
  in.raw(sizeof kMagic);
  if (in.u16() != kVersion) in.fail("is a .shield file of another version");
  const Label label = parse_label(in.text(), what);
  RealImage picture{in.u32(), in.u32(), in.u32(), {}};
  const bool representation = label.parameters.shield == "neuracrypt" && picture.channels == label.parameters.hidden;
  const bool possible = (representation || picture.channels == 1 || picture.channels == 3) &&
                        picture.height <= image::kMaxSide && picture.width <= image::kMaxSide &&
                        picture.channels * picture.height * picture.width <= 3 * image::kMaxPixels;
  if (!possible) in.fail("claims a size that no picture has");
  const std::size_t samples = picture.channels * picture.height * picture.width;
  if (in.left() != 4 * samples + kChecksum) in.fail("is truncated, or longer than its picture");
  picture.values.resize(samples);
  for (float& v : picture.values) v = std::bit_cast<float>(in.u32());
  const auto sum = in.raw(kChecksum);
  if (!std::equal(sum.begin(), sum.end(), checksum(bytes.first(bytes.size() - kChecksum)).begin())) {
    in.fail("is damaged: its checksum is another");
  }
  return {label, std::move(picture)};
}

/// The first channels, up to 64, as grey tiles in a square.
image::Image tiled(const Bytes& planar, const RealImage& picture) {
  std::size_t across = 8;
  const std::size_t longest = std::max(picture.height, picture.width);
  while (across > 1 && (across * across > picture.channels || across * longest > image::kMaxSide)) --across;
  image::Image out(1, across * picture.height, across * picture.width);
  for (std::size_t c = 0; c < across * across; ++c) {
    const std::size_t top = c / across * picture.height, left = c % across * picture.width;
    for (std::size_t y = 0; y < picture.height; ++y) {
      for (std::size_t x = 0; x < picture.width; ++x) {
        out.at(top + y, left + x) = planar[(c * picture.height + y) * picture.width + x];
      }
    }
  }
  return out;
}

}  // namespace

bool is_protected_name(const std::filesystem::path& path) {
  if (path.filename().string().ends_with(".view.png")) return false;
  return path.extension() == ".shield" || image::is_image_name(path);
}

std::string file_ending(const Parameters& parameters) {
  return parameters.arithmetic == Arithmetic::real ? ".shield" : ".png";
}

Bytes encode(const Label& label, const Picture& picture) {
  if (const auto* real = std::get_if<RealImage>(&picture)) return encode_real(label, *real);
  return with_label(image::encode_png(std::get<image::Image>(picture)), label_text(label));
}

Labelled decode(std::span<const std::uint8_t> bytes, const std::string& what) {
  if (is_real_file(bytes)) return decode_real(bytes, what);
  Labelled out{std::nullopt, image::decode_image(bytes, what)};
  if (const auto text = find_label(bytes)) out.label = parse_label(*text, what);
  return out;
}

image::Image view(const RealImage& picture) {
  const auto [least, greatest] = std::minmax_element(picture.values.begin(), picture.values.end());
  const float scale = *greatest > *least ? 255 / (*greatest - *least) : 0;
  std::vector<std::uint8_t> planar;
  for (const float v : picture.values) {
    // What a damaged file may hold, "not a number" and beyond, is black.
    const float level = (v - *least) * scale + 0.5F;
    planar.push_back(level > 0 && level < 256 ? static_cast<std::uint8_t>(level) : std::uint8_t{0});
  }
  if (picture.channels != 1 && picture.channels != 3) return tiled(planar, picture);
  return image::from_planar(planar, picture.channels, picture.height, picture.width);
}

image::Image reveal(const Key& key, const Shield& shared, const Labelled& file, const std::string& what) {
  try {
    if (!file.label) {
      const auto* bytes = std::get_if<image::Image>(&file.picture);
      if (bytes == nullptr) throw MismatchError("it holds real samples without a label");
      return shared.reveal({bytes->height, bytes->width / shared.planes_across(), *bytes});
    }
    const Label& label = *file.label;
    if (label.parameters != key.parameters) {
      throw MismatchError("it was made by " + label.parameters.shield + " with blocks of " +
                          std::to_string(label.parameters.block) + " (" + to_string(label.parameters.arithmetic) +
                          "), and the key is one of " + key.parameters.shield + " with blocks of " +
                          std::to_string(key.parameters.block) + " (" + to_string(key.parameters.arithmetic) + ")");
    }
    if (label.key != fingerprint(key.seed)) throw MismatchError("it was protected with another key");
    const Protected picture{label.height, label.width, file.picture};
    return label.nonce ? make_shield(key, *label.nonce)->reveal(picture) : shared.reveal(picture);
  } catch (const Error& e) {
    throw MismatchError(what + " cannot be revealed: " + e.what());
  }
}

}  // namespace obscura::shield
