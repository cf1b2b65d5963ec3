// GIF89a: blocks to the trailer; the first frame is unpacked (LZW, appendix F), the others are counted.
#include <array>

#include "image/raster.h"

namespace obscura::image {
namespace {

using Palette = std::span<const std::uint8_t>;

/// A frame and where its data are.
struct Frame {
  std::size_t left = 0, top = 0, width = 0, height = 0;
  bool interlaced = false;
  Palette palette;
  std::size_t clear_index = 256;  ///< 256: none
  std::size_t data = 0;           ///< place of the LZW code size
};

/// The bytes of sub-blocks from `at` on, up to the one of length 0; leaves `at` behind it.
std::vector<std::uint8_t> joined_blocks(const ByteView& file, std::size_t& at, bool keep) {
  std::vector<std::uint8_t> out;
  while (true) {
    const std::size_t n = file.byte(at);
    const auto block = file.part(at + 1, n);
    at += n + 1;
    if (n == 0) return out;
    if (keep) out.insert(out.end(), block.begin(), block.end());
  }
}

/// Codes of growing width for strings of pixels that came before, as indices of the palette.
class Unpacker {
 public:
  Unpacker(const ByteView& file, std::size_t code_size, const std::vector<std::uint8_t>& bytes)
      : file_(file), clear_(std::size_t{1} << code_size), size_(code_size), bytes_(bytes) {}

  std::vector<std::uint8_t> unpack(std::size_t pixels) {
    std::vector<std::uint8_t> out;
    out.reserve(pixels);
    reset();
    std::size_t previous = kNone;
    while (out.size() < pixels) {
      const std::size_t code = next_code();
      if (code == clear_) {
        reset();
        previous = kNone;
        continue;
      }
      if (code == clear_ + 1) file_.damaged("its data end early");
      if (code > next_ || (code == next_ && previous == kNone)) file_.damaged("its data are wrong");
      const std::size_t before = out.size();
      append(out, code == next_ ? previous : code);
      const std::uint8_t first = out[before];
      if (code == next_) out.push_back(first);
      if (previous != kNone && next_ < kCodes) {
        prefix_[next_] = static_cast<std::uint16_t>(previous);
        suffix_[next_] = first;
        if (++next_ == (std::size_t{1} << width_) && width_ < 12) ++width_;
      }
      previous = code;
    }
    if (out.size() > pixels) file_.damaged("it has more pixels than its size says");
    require_end();
    return out;
  }

 private:
  static constexpr std::size_t kCodes = 4096, kNone = 4096;

  void reset() {
    next_ = clear_ + 2;
    width_ = size_ + 1;
  }

  bool has_code() const { return at_ + width_ <= 8 * bytes_.size(); }

  std::size_t next_code() {
    if (!has_code()) file_.damaged("its data end early");
    std::size_t code = 0;
    for (std::size_t i = 0; i < width_; ++i, ++at_) {
      code |= static_cast<std::size_t>(bytes_[at_ / 8] >> (at_ % 8) & 1) << i;
    }
    return code;
  }

  /// The string of a code, which the table has from its end.
  void append(std::vector<std::uint8_t>& out, std::size_t code) const {
    const std::size_t before = out.size();
    for (; code >= clear_ + 2; code = prefix_[code]) out.push_back(suffix_[code]);
    out.push_back(static_cast<std::uint8_t>(code));
    std::reverse(out.begin() + static_cast<std::ptrdiff_t>(before), out.end());
  }

  /// Behind the last pixel stands the end code, if anything. Codes for more pixels mean that some before were wrong.
  void require_end() {
    while (has_code()) {
      const std::size_t code = next_code();
      if (code == clear_ + 1) return;
      if (code != clear_) file_.damaged("it has more pixels than its size says");
      reset();
    }
  }

  const ByteView& file_;
  std::size_t clear_, size_;
  std::size_t next_ = 0, width_ = 0, at_ = 0;
  const std::vector<std::uint8_t>& bytes_;
  std::array<std::uint16_t, kCodes> prefix_{};
  std::array<std::uint8_t, kCodes> suffix_{};
};

/// In four passes where rows are interlaced: every eighth row, those between, and so on.
std::vector<std::size_t> row_order(const Frame& frame) {
  std::vector<std::size_t> rows;
  const auto pass = [&](std::size_t first, std::size_t step) {
    for (std::size_t y = first; y < frame.height; y += step) rows.push_back(y);
  };
  if (!frame.interlaced) {
    pass(0, 1);
  } else {
    pass(0, 8), pass(4, 8), pass(2, 4), pass(1, 2);
  }
  return rows;
}

/// The frame on a clear ground of the picture's size.
Raster painted(const ByteView& file, const Frame& frame, std::size_t height, std::size_t width) {
  const std::size_t code_size = file.byte(frame.data);
  if (code_size < 1 || code_size > 8) file.damaged("its code size is wrong");
  std::size_t at = frame.data + 1;
  const auto bytes = joined_blocks(file, at, true);
  const auto indices = Unpacker(file, code_size, bytes).unpack(frame.height * frame.width);
  const bool whole = frame.width == width && frame.height == height;
  const bool opacity = frame.clear_index < 256 || !whole;
  Raster out = make_raster(file, opacity ? 4 : 3, height, width);
  std::size_t i = 0;
  for (const std::size_t y : row_order(frame)) {
    for (std::size_t x = 0; x < frame.width; ++x, ++i) {
      if (indices[i] == frame.clear_index) continue;
      if (3 * std::size_t{indices[i]} + 3 > frame.palette.size()) {
        file.damaged("a pixel has a colour that the palette lacks");
      }
      std::uint8_t* to = out.samples.data() + ((frame.top + y) * width + frame.left + x) * out.channels;
      std::copy_n(frame.palette.data() + 3 * std::size_t{indices[i]}, 3, to);
      if (opacity) to[3] = 255;
    }
  }
  return out;
}

/// A palette of 2^(n+1) colours follows where the flags say so; leaves `at` behind it.
Palette read_palette(const ByteView& file, std::size_t& at, std::uint32_t flags) {
  if ((flags & 0x80) == 0) return {};
  const std::size_t n = 3 * (std::size_t{2} << (flags & 7));
  const Palette out = file.part(at, n);
  at += n;
  return out;
}

Frame read_frame(const ByteView& file, std::size_t& at, Palette global) {
  Frame frame;
  frame.left = file.little(at, 2);
  frame.top = file.little(at + 2, 2);
  frame.width = file.little(at + 4, 2);
  frame.height = file.little(at + 6, 2);
  const std::uint32_t flags = file.byte(at + 8);
  at += 9;
  frame.interlaced = (flags & 0x40) != 0;
  const Palette own = read_palette(file, at, flags);
  frame.palette = own.empty() ? global : own;
  frame.data = at++;
  joined_blocks(file, at, false);
  return frame;
}

}  // namespace

Raster decode_gif(const ByteView& file) {
  const std::size_t width = file.little(6, 2), height = file.little(8, 2);
  require_size(file, height, width);
  std::size_t at = 13, frames = 0, clear_index = 256;
  const Palette global = read_palette(file, at, file.byte(10));
  Frame first;
  for (std::uint8_t kind = file.byte(at++); kind != 0x3B; kind = file.byte(at++)) {
    if (kind == 0x21) {
      const std::uint8_t label = file.byte(at++);
      // The graphic control: flags, a delay and the index that is clear.
      if (label == 0xF9 && file.byte(at) >= 4) clear_index = (file.byte(at + 1) & 1) != 0 ? file.byte(at + 4) : 256;
      joined_blocks(file, at, false);
    } else if (kind == 0x2C) {
      Frame frame = read_frame(file, at, global);
      frame.clear_index = clear_index;
      clear_index = 256;
      if (frames++ == 0) first = frame;
    } else {
      file.damaged("a block of it is of no known kind");
    }
  }
  if (frames == 0) file.damaged("it holds no picture");
  if (first.width == 0 || first.height == 0 || first.left + first.width > width || first.top + first.height > height) {
    file.damaged("its first frame is larger than the picture");
  }
  Raster out = painted(file, first, height, width);
  out.notes.emplace_back("its palette is expanded to RGB");
  note_first_frame(out, frames);
  return out;
}

}  // namespace obscura::image
