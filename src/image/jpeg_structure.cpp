#include "image/jpeg_structure.h"

#include <array>

#include "image/raster.h"

namespace obscura::image {
namespace {

constexpr std::size_t kBlock = 64;
constexpr std::size_t kMaxScans = 500;
/// No coefficient of this frequency came yet.
constexpr int kNothing = -1;
/// A block of 63 coefficients of -1 may be 24 bytes of zeros; two of them in a row are no picture.
constexpr std::size_t kZeroRun = 32;

/// One component of the frame, and to which bit each of its coefficients has come.
struct Component {
  std::uint32_t id = 0;
  std::array<int, kBlock> low_bit{};
};

/// One component of a scan with the numbers of its tables.
struct ScanPart {
  std::size_t component = 0;
  std::size_t dc = 0;
  std::size_t ac = 0;
};

struct Scan {
  std::vector<ScanPart> parts;
  std::size_t first = 0, last = 63;  ///< frequencies
  std::uint32_t high = 0;            ///< not 0: a refinement
  std::uint32_t low = 0;
};

class Walker {
 public:
  explicit Walker(const ByteView& file) : file_(file) {}

  JpegStructure walk() {
    for (std::size_t at = 2;;) {
      const std::uint32_t marker = next_marker(at);
      if (marker == 0xD9) break;
      if (marker == 0x01 || (marker >= 0xD0 && marker <= 0xD7)) continue;
      if (marker == 0xD8) file_.damaged("a second picture begins in the middle of it");
      const std::size_t length = file_.big(at, 2);
      if (length < 2) file_.damaged("a marker has no length");
      file_.part(at, length);
      segment(marker, at + 2, at + length);
      at += length;
      if (marker == 0xDA) at = skip_scan(at);
    }
    require_all_scans();
    return out_;
  }

 private:
  /// Leaves `at` behind the marker.
  std::uint32_t next_marker(std::size_t& at) const {
    if (file_.byte(at) != 0xFF) file_.damaged("a marker is missing");
    while (file_.byte(at) == 0xFF) ++at;
    return file_.byte(at++);
  }

  void segment(std::uint32_t marker, std::size_t at, std::size_t end) {
    const bool frame = marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
    if (frame) {
      read_frame(marker, at, end);
    } else if (marker == 0xC4) {
      read_tables(at, end);
    } else if (marker == 0xDA) {
      read_scan(at, end);
    } else if (marker == 0xE1 && file_.starts(at, std::string_view("Exif\0\0", 6)) && end - at >= 6 && !saw_exif_) {
      saw_exif_ = true;
      out_.orientation = exif_orientation(file_.part(at, end - at));
    } else if (marker == 0xE2 && file_.starts(at, std::string_view("ICC_PROFILE\0", 12)) && end - at >= 14) {
      const auto piece = file_.part(at + 14, end - at - 14);
      out_.profile.insert(out_.profile.end(), piece.begin(), piece.end());
    }
  }

  void read_frame(std::uint32_t marker, std::size_t at, std::size_t end) {
    if (marker == 0xC9 || marker == 0xCA) {
      file_.unsupported("it is arithmetic-coded, where damage cannot be told: save it with Huffman coding");
    }
    if (marker > 0xC2) file_.unsupported("it is lossless or hierarchical; save it as an ordinary JPEG or as PNG");
    if (!components_.empty()) file_.damaged("it has two headers");
    progressive_ = marker == 0xC2;
    const std::uint32_t bits = file_.big(at, 1);
    if (bits != 8) {
      file_.unsupported("it has " + std::to_string(bits) + " bits a sample, and only 8 are read from a JPEG");
    }
    out_.height = file_.big(at + 1, 2);
    out_.width = file_.big(at + 3, 2);
    out_.components = file_.big(at + 5, 1);
    if (out_.components == 0 || at + 6 + 3 * out_.components != end) file_.damaged("its header has another length");
    require_size(file_, out_.height, out_.width);
    for (std::size_t c = 0; c < out_.components; ++c) {
      components_.push_back({file_.big(at + 6 + 3 * c, 1), {}});
      components_.back().low_bit.fill(kNothing);
    }
  }

  /// Of each Huffman table only what zero bits mean: the first symbol has the code of zeros.
  void read_tables(std::size_t at, std::size_t end) {
    while (at < end) {
      const std::uint32_t which = file_.big(at, 1);
      std::size_t symbols = 0;
      for (std::size_t i = 1; i <= 16; ++i) symbols += file_.big(at + i, 1);
      if ((which & 0xF) > 3 || which > 0x1F || symbols > 256 || at + 17 + symbols > end) {
        file_.damaged("a table is wrong");
      }
      first_symbol_[which >> 4][which & 0xF] = symbols == 0 ? 0xFF : static_cast<int>(file_.big(at + 17, 1));
      at += 17 + symbols;
    }
  }

  void read_scan(std::size_t at, std::size_t end) {
    if (++scans_ > kMaxScans) file_.damaged("it has over " + std::to_string(kMaxScans) + " scans");
    scan_ = {};
    const std::size_t parts = file_.big(at, 1);
    if (parts == 0 || parts > 4 || at + 1 + 2 * parts + 3 != end) file_.damaged("a scan's header has another length");
    for (std::size_t i = 0; i < parts; ++i) {
      const std::uint32_t id = file_.big(at + 1 + 2 * i, 1), tables = file_.big(at + 2 + 2 * i, 1);
      std::size_t c = 0;
      while (c < components_.size() && components_[c].id != id) ++c;
      if (c == components_.size()) file_.damaged("a scan has a component that the header does not know");
      scan_.parts.push_back({c, (tables >> 4) & 3, tables & 3});
    }
    at += 1 + 2 * parts;
    if (progressive_) {
      scan_.first = file_.big(at, 1);
      scan_.last = file_.big(at + 1, 1);
      scan_.high = file_.big(at + 2, 1) >> 4;
      scan_.low = file_.big(at + 2, 1) & 0xF;
      if (scan_.first > scan_.last || scan_.last >= kBlock) file_.damaged("a scan has frequencies that are none");
    }
    for (const ScanPart& part : scan_.parts) {
      auto& bits = components_[part.component].low_bit;
      for (std::size_t k = scan_.first; k <= scan_.last; ++k) bits[k] = static_cast<int>(scan_.low);
    }
  }

  /// Data run to the next marker: FF 00 is a byte FF of theirs, and restart marks stand between them.
  std::size_t skip_scan(std::size_t at) const {
    const std::size_t start = at;
    for (;; ++at) {
      if (file_.byte(at) != 0xFF) continue;
      const std::uint32_t next = file_.byte(at + 1);
      if (next != 0 && !(next >= 0xD0 && next <= 0xD7) && next != 0xFF) break;
    }
    if (!zeros_are_flat() && longest_zero_run(file_.part(start, at - start)) >= kZeroRun) {
      file_.damaged("zeros stand where its data should be");
    }
    return at;
  }

  /// Whether zero bits mean blocks without any detail, as a page's margin has them. If so, zeros in place of data make
  /// blocks faster than any data can, so that too many of them are found in the end.
  bool zeros_are_flat() const {
    if (progressive_ && scan_.first == 0 && scan_.high != 0) return true;  // one plain bit a block
    return std::all_of(scan_.parts.begin(), scan_.parts.end(), [&](const ScanPart& part) {
      const int dc = first_symbol_[0][part.dc], ac = first_symbol_[1][part.ac];
      const bool end_of_block = (ac & 0xF) == 0 && ac < 0xF0;
      if (!progressive_) return dc == 0 && ac == 0;
      return scan_.first == 0 ? dc == 0 : end_of_block;
    });
  }

  void require_all_scans() const {
    if (scans_ == 0) file_.damaged("it holds no picture");
    for (const Component& component : components_) {
      for (const int bit : component.low_bit) {
        if (bit != 0) file_.damaged("the last of its scans are missing");
      }
    }
  }

  const ByteView& file_;
  JpegStructure out_;
  std::vector<Component> components_;
  std::array<std::array<int, 4>, 2> first_symbol_{{{0xFF, 0xFF, 0xFF, 0xFF}, {0xFF, 0xFF, 0xFF, 0xFF}}};
  Scan scan_;
  std::size_t scans_ = 0;
  bool progressive_ = false;
  bool saw_exif_ = false;
};

}  // namespace

JpegStructure read_jpeg_structure(const ByteView& file) {
  return Walker(file).walk();
}

}  // namespace obscura::image
