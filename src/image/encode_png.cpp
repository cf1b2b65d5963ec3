#include <png.h>
#include <zlib.h>

#include <array>
#include <csetjmp>
#include <cstring>

#include "base/error.h"
#include "image/image.h"

namespace obscura::image {
namespace {

class PngEncoder {
 public:
  explicit PngEncoder(const Image& image) : image_(image) {
    png_ = ::png_create_write_struct(
        PNG_LIBPNG_VER_STRING, this, [](png_structp png, png_const_charp text) { self(png).leave(text); },
        [](png_structp, png_const_charp) {});
    if (png_ != nullptr) info_ = ::png_create_info_struct(png_);
    if (info_ == nullptr) {
      ::png_destroy_write_struct(&png_, nullptr);
      throw Error("no memory to write a PNG image");
    }
  }
  PngEncoder(const PngEncoder&) = delete;
  PngEncoder& operator=(const PngEncoder&) = delete;
  ~PngEncoder() { ::png_destroy_write_struct(&png_, &info_); }

  std::vector<std::uint8_t> encode() {
    if (setjmp(jump_) != 0) throw Error(std::string("the image could not be encoded as PNG: ") + message_.data());
    write();
    return std::move(out_);
  }

 private:
  static PngEncoder& self(png_structp png) { return *static_cast<PngEncoder*>(::png_get_error_ptr(png)); }

  [[noreturn]] void leave(const char* text) {
    std::strncpy(message_.data(), text, message_.size() - 1);
    std::longjmp(jump_, 1);
  }

  /// Memory that runs out must not throw through the library.
  void append(const png_byte* bytes, std::size_t n) {
    bool fits = true;
    try {
      out_.insert(out_.end(), bytes, bytes + n);
    } catch (...) {
      fits = false;
    }
    if (!fits) leave("no memory");
  }

  void write() {
    ::png_set_write_fn(
        png_, this,
        [](png_structp png, png_bytep bytes, png_size_t n) {
          static_cast<PngEncoder*>(::png_get_io_ptr(png))->append(bytes, n);
        },
        [](png_structp) {});
    ::png_set_compression_level(png_, 9);
    ::png_set_compression_strategy(png_, Z_DEFAULT_STRATEGY);
    ::png_set_IHDR(png_, info_, static_cast<png_uint_32>(image_.width), static_cast<png_uint_32>(image_.height), 8,
                   image_.channels == 3 ? PNG_COLOR_TYPE_RGB : PNG_COLOR_TYPE_GRAY, PNG_INTERLACE_NONE,
                   PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    ::png_write_info(png_, info_);
    const std::size_t row = image_.channels * image_.width;
    for (std::size_t y = 0; y < image_.height; ++y) ::png_write_row(png_, image_.pixels.data() + y * row);
    ::png_write_end(png_, info_);
  }

  const Image& image_;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
  std::jmp_buf jump_{};
  std::array<char, 160> message_{};
  std::vector<std::uint8_t> out_;
};

}  // namespace

std::vector<std::uint8_t> encode_png(const Image& image) {
  if (image.empty()) throw ParameterError("an empty image cannot be written");
  return PngEncoder(image).encode();
}

}  // namespace obscura::image
