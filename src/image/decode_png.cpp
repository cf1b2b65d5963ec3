// PNG through libpng, after a walk over the chunks that finds every wrong checksum (W3C PNG, second edition, section
// 5).
#include <png.h>
#include <zlib.h>

#include <array>
#include <bit>
#include <csetjmp>
#include <cstring>

#include "image/image.h"
#include "image/raster.h"

namespace obscura::image {
namespace {

struct PngStructure {
  unsigned orientation = 1;
  std::uint32_t frames = 1;  ///< more than one: animated (APNG)
};

PngStructure walk_chunks(const ByteView& file) {
  PngStructure out;
  if (!file.starts(12, "IHDR")) file.damaged("it does not begin with its header");
  require_size(file, file.big(20, 4), file.big(16, 4));
  for (std::size_t at = 8; at < file.size();) {
    const std::size_t length = file.big(at, 4);
    const auto body = file.part(at + 4, length + 4);
    if (::crc32(0, body.data(), static_cast<uInt>(body.size())) != file.big(at + 8 + length, 4)) {
      file.damaged("a checksum is wrong");
    }
    if (file.starts(at + 4, "eXIf")) out.orientation = exif_orientation(body.subspan(4));
    if (file.starts(at + 4, "acTL") && length >= 4) out.frames = file.big(at + 8, 4);
    if (file.starts(at + 4, "IEND")) return out;
    at += length + 12;
  }
  file.ends_early();
}

class PngDecoder {
 public:
  explicit PngDecoder(const ByteView& file) : file_(file) {
    png_ = ::png_create_read_struct(
        PNG_LIBPNG_VER_STRING, this, [](png_structp png, png_const_charp text) { self(png).leave(text); },
        [](png_structp png, png_const_charp text) { self(png).warn(text); });
    if (png_ != nullptr) info_ = ::png_create_info_struct(png_);
    if (info_ == nullptr) {
      ::png_destroy_read_struct(&png_, nullptr, nullptr);
      throw Error("no memory to read a PNG image");
    }
  }
  PngDecoder(const PngDecoder&) = delete;
  PngDecoder& operator=(const PngDecoder&) = delete;
  ~PngDecoder() { ::png_destroy_read_struct(&png_, &info_, nullptr); }

  Raster decode() {
    run([](PngDecoder& d) { d.read_header(); });
    const std::size_t height = ::png_get_image_height(png_, info_), width = ::png_get_image_width(png_, info_);
    const std::size_t channels = ::png_get_channels(png_, info_);
    const bool deep = ::png_get_bit_depth(png_, info_) == 16;
    Raster out = make_raster(file_, channels, height, width);
    if (deep) {
      out.samples.clear();
      out.deep.resize(channels * height * width);
    }
    auto* first = deep ? reinterpret_cast<png_bytep>(out.deep.data()) : out.samples.data();
    const std::size_t row = channels * width * (deep ? 2 : 1);
    for (std::size_t y = 0; y < height; ++y) rows_.push_back(first + y * row);
    run([](PngDecoder& d) {
      ::png_read_image(d.png_, d.rows_.data());
      ::png_read_end(d.png_, d.info_);
    });
    note_colours(out);
    return out;
  }

 private:
  static PngDecoder& self(png_structp png) { return *static_cast<PngDecoder*>(::png_get_error_ptr(png)); }

  /// The library's way out of a callback. No frame between here and run() has anything to destroy.
  [[noreturn]] void leave(const char* text) {
    std::strncpy(message_.data(), text, message_.size() - 1);
    std::longjmp(jump_, 1);
  }

  /// The library goes on without what is wrong; that is right for remarks beside the picture, not for its pixels.
  void warn(const char* text) {
    if (std::strncmp(text, "IDAT", 4) == 0 || std::strstr(text, "palette index") != nullptr) leave(text);
  }

  void run(void (*step)(PngDecoder&)) {
    if (setjmp(jump_) == 0) {
      step(*this);
      return;
    }
    file_.damaged(message_.data());
  }

  /// Asks for 8 or 16 bits a sample of grey or RGB, with opacity where the file has any.
  void read_header() {
    ::png_set_read_fn(png_, this, [](png_structp png, png_bytep to, png_size_t n) {
      auto& d = *static_cast<PngDecoder*>(::png_get_io_ptr(png));
      if (n > d.file_.size() - d.at_) d.leave("it ends early");
      std::memcpy(to, d.file_.all().data() + d.at_, n);
      d.at_ += n;
    });
    ::png_set_user_limits(png_, kMaxSide, kMaxSide);
    ::png_read_info(png_, info_);
    palette_ = ::png_get_color_type(png_, info_) == PNG_COLOR_TYPE_PALETTE;
    ::png_set_expand(png_);
    if constexpr (std::endian::native == std::endian::little) ::png_set_swap(png_);
    ::png_set_interlace_handling(png_);
    ::png_read_update_info(png_, info_);
  }

  void note_colours(Raster& out) {
    if (palette_) out.notes.emplace_back("its palette is expanded to RGB");
    png_charp name = nullptr;
    png_bytep profile = nullptr;
    png_uint_32 length = 0;
    int method = 0;
    if (::png_get_iCCP(png_, info_, &name, &method, &profile, &length) != 0) {
      note_profile(out, {profile, static_cast<std::size_t>(length)});
    }
  }

  const ByteView& file_;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
  std::jmp_buf jump_{};
  std::array<char, 160> message_{};
  std::vector<png_bytep> rows_;
  std::size_t at_ = 0;
  bool palette_ = false;
};

}  // namespace

Raster decode_png(const ByteView& file) {
  const PngStructure structure = walk_chunks(file);
  Raster out = PngDecoder(file).decode();
  out.orientation = structure.orientation;
  note_first_frame(out, structure.frames);
  return out;
}

}  // namespace obscura::image
