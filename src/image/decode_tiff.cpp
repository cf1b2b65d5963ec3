// TIFF through libtiff, the first page. Whatever it complains of while it unpacks pixels is an error here.
#include <tiffio.h>

#include <array>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <memory>

#include "image/image.h"
#include "image/raster.h"

namespace obscura::image {
namespace {

/// Pages beyond are not counted.
constexpr std::size_t kMaxPages = 10000;

/// The file as libtiff reads it, and the first complaint that matters.
struct Input {
  std::span<const std::uint8_t> bytes;
  std::uint64_t at = 0;
  bool unpacking = false;
  std::array<char, 200> complaint{};
};

Input& input_of(thandle_t handle) {
  return *static_cast<Input*>(handle);
}

tmsize_t read_bytes(thandle_t handle, void* to, tmsize_t n) {
  Input& in = input_of(handle);
  if (n <= 0 || in.at >= in.bytes.size()) return 0;
  const auto count = std::min<std::uint64_t>(static_cast<std::uint64_t>(n), in.bytes.size() - in.at);
  std::memcpy(to, in.bytes.data() + in.at, count);
  in.at += count;
  return static_cast<tmsize_t>(count);
}

toff_t seek_bytes(thandle_t handle, toff_t to, int whence) {
  Input& in = input_of(handle);
  const std::uint64_t from = whence == SEEK_CUR ? in.at : whence == SEEK_END ? in.bytes.size() : 0;
  return in.at = from + to;
}

void complain(void* user, const char* format, std::va_list arguments) {
  Input& in = *static_cast<Input*>(user);
  if (in.complaint[0] == '\0') std::vsnprintf(in.complaint.data(), in.complaint.size(), format, arguments);
}

int on_error(TIFF*, void* user, const char*, const char* format, std::va_list arguments) {
  complain(user, format, arguments);
  return 1;
}

/// Of unknown tags there are warnings for many a whole file; not of data that are not there, nor amid the pixels.
int on_warning(TIFF*, void* user, const char*, const char* format, std::va_list arguments) {
  if (static_cast<Input*>(user)->unpacking || std::strstr(format, "IO error") != nullptr) {
    complain(user, format, arguments);
  }
  return 1;
}

struct Closer {
  void operator()(TIFF* tiff) const { ::TIFFClose(tiff); }
};
using Handle = std::unique_ptr<TIFF, Closer>;

Handle open(Input& in) {
  constexpr tmsize_t kMostAtOnce = tmsize_t{1} << 30;
  TIFFOpenOptions* options = ::TIFFOpenOptionsAlloc();
  if (options == nullptr) throw Error("no memory to read a TIFF image");
  ::TIFFOpenOptionsSetMaxSingleMemAlloc(options, kMostAtOnce);
  ::TIFFOpenOptionsSetErrorHandlerExtR(options, on_error, &in);
  ::TIFFOpenOptionsSetWarningHandlerExtR(options, on_warning, &in);
  Handle tiff(::TIFFClientOpenExt(
      "image", "rm", &in, read_bytes, [](thandle_t, void*, tmsize_t) -> tmsize_t { return 0; }, seek_bytes,
      [](thandle_t) { return 0; }, [](thandle_t handle) -> toff_t { return input_of(handle).bytes.size(); }, nullptr,
      nullptr, options));
  ::TIFFOpenOptionsFree(options);
  return tiff;
}

std::uint16_t short_tag(TIFF* tiff, std::uint32_t tag) {
  std::uint16_t value = 0;
  ::TIFFGetFieldDefaulted(tiff, tag, &value);
  return value;
}

std::uint32_t long_tag(TIFF* tiff, std::uint32_t tag) {
  std::uint32_t value = 0;
  ::TIFFGetFieldDefaulted(tiff, tag, &value);
  return value;
}

class TiffDecoder {
 public:
  explicit TiffDecoder(const ByteView& file) : file_(file) {
    in_.bytes = file.all();
    tiff_ = open(in_);
    require_no_complaint();
    if (tiff_ == nullptr) file_.damaged("its directory cannot be read");
  }

  Raster decode() {
    height_ = long_tag(tiff_.get(), TIFFTAG_IMAGELENGTH);
    width_ = long_tag(tiff_.get(), TIFFTAG_IMAGEWIDTH);
    require_size(file_, height_, width_);
    bits_ = short_tag(tiff_.get(), TIFFTAG_BITSPERSAMPLE);
    channels_ = short_tag(tiff_.get(), TIFFTAG_SAMPLESPERPIXEL);
    std::uint16_t photometric = PHOTOMETRIC_RGB;
    if (::TIFFGetField(tiff_.get(), TIFFTAG_PHOTOMETRIC, &photometric) == 0) file_.damaged("it says no colours");
    photometric_ = photometric;
    const std::uint16_t format = short_tag(tiff_.get(), TIFFTAG_SAMPLEFORMAT);
    if (format != SAMPLEFORMAT_UINT && format != SAMPLEFORMAT_VOID) {
      file_.unsupported("its samples are not whole numbers from 0 on");
    }
    in_.unpacking = true;
    Raster out = deep_grey() ? read_deep_grey() : read_any();
    out.orientation = short_tag(tiff_.get(), TIFFTAG_ORIENTATION);
    note_colours(out);
    const std::size_t pages = whole_pages();
    if (pages > 1) out.notes.push_back("the first of its " + std::to_string(pages) + " pages is taken");
    return out;
  }

 private:
  void require_no_complaint() const {
    if (in_.complaint[0] != '\0') file_.damaged(in_.complaint.data());
  }

  /// A count, the entries, and the place of the next directory, for which the library does not ask.
  void require_directory(std::size_t at) const {
    const bool small_end = file_.starts(0, "II"), large = ::TIFFIsBigTIFF(tiff_.get()) != 0;
    const auto number = [&](std::size_t place, std::size_t n) {
      return small_end ? file_.little(place, n) : file_.big(place, n);
    };
    // A count of eight bytes is a small number all the same.
    const std::size_t entries = !large ? number(at, 2) : number(small_end ? at : at + 4, 4);
    file_.part(at, large ? 8 + 20 * entries + 8 : 2 + 12 * entries + 4);
  }

  /// How many pages there are. A file that is cut within the last of them is cut.
  std::size_t whole_pages() {
    std::size_t pages = 0;
    do {
      require_directory(::TIFFCurrentDirOffset(tiff_.get()));
      const std::uint32_t parts =
          ::TIFFIsTiled(tiff_.get()) != 0 ? ::TIFFNumberOfTiles(tiff_.get()) : ::TIFFNumberOfStrips(tiff_.get());
      for (std::uint32_t i = 0; i < parts; ++i) {
        file_.part(::TIFFGetStrileOffset(tiff_.get(), i), ::TIFFGetStrileByteCount(tiff_.get(), i));
      }
      require_no_complaint();
    } while (++pages < kMaxPages && ::TIFFReadDirectory(tiff_.get()) != 0);
    require_no_complaint();
    return pages;
  }

  bool grey() const { return photometric_ == PHOTOMETRIC_MINISBLACK || photometric_ == PHOTOMETRIC_MINISWHITE; }
  bool deep_grey() const { return grey() && bits_ == 16 && channels_ == 1 && ::TIFFIsTiled(tiff_.get()) == 0; }

  Raster read_deep_grey() {
    Raster out = make_raster(file_, 1, height_, width_);
    out.samples.clear();
    out.deep.resize(height_ * width_);
    if (::TIFFScanlineSize(tiff_.get()) != static_cast<tmsize_t>(2 * width_)) file_.damaged("its rows are odd");
    for (std::size_t y = 0; y < height_; ++y) {
      const int done = ::TIFFReadScanline(tiff_.get(), out.deep.data() + y * width_, static_cast<std::uint32_t>(y), 0);
      require_no_complaint();
      if (done != 1) file_.ends_early();
    }
    if (photometric_ == PHOTOMETRIC_MINISWHITE) {
      for (auto& v : out.deep) v = static_cast<std::uint16_t>(65535 - v);
    }
    return out;
  }

  /// Four bytes a pixel as the library makes them, opacity multiplied in; rows as the file has them.
  std::vector<std::uint32_t> packed_pixels(bool& opacity) {
    std::array<char, 1024> reason{};
    TIFFRGBAImage image{};
    if (::TIFFRGBAImageOK(tiff_.get(), reason.data()) == 0 ||
        ::TIFFRGBAImageBegin(&image, tiff_.get(), 1, reason.data()) == 0) {
      require_no_complaint();
      file_.unsupported(reason.data());
    }
    const std::unique_ptr<TIFFRGBAImage, decltype(&::TIFFRGBAImageEnd)> guard(&image, &::TIFFRGBAImageEnd);
    image.req_orientation = image.orientation;
    opacity = image.alpha != 0;
    std::vector<std::uint32_t> out(height_ * width_);
    const int done =
        ::TIFFRGBAImageGet(&image, out.data(), static_cast<std::uint32_t>(width_), static_cast<std::uint32_t>(height_));
    require_no_complaint();
    if (done == 0) file_.ends_early();
    return out;
  }

  Raster read_any() {
    bool opacity = false;
    const auto pixels = packed_pixels(opacity);
    Raster out = make_raster(file_, grey() && !opacity ? 1 : 3, height_, width_);
    bool clear = false;
    std::uint8_t* to = out.samples.data();
    for (const std::uint32_t pixel : pixels) {
      const std::uint32_t a = TIFFGetA(pixel);
      clear = clear || a != 255;
      for (std::size_t c = 0; c < out.channels; ++c) {
        *to++ = static_cast<std::uint8_t>(std::min<std::uint32_t>(255, (pixel >> (8 * c) & 0xFF) + 255 - a));
      }
    }
    if (clear) out.notes.emplace_back(kLaidOnWhite);
    if (bits_ == 16) out.notes.emplace_back(kReducedToEight);
    return out;
  }

  void note_colours(Raster& out) {
    if (photometric_ == PHOTOMETRIC_PALETTE) out.notes.emplace_back("its palette is expanded to RGB");
    if (photometric_ == PHOTOMETRIC_SEPARATED) {
      out.notes.emplace_back("its colours are CMYK, made RGB without a colour profile");
    }
    if (photometric_ >= PHOTOMETRIC_CIELAB) out.notes.emplace_back("its colours are CIELAB or the like, made RGB");
    std::uint32_t length = 0;
    void* profile = nullptr;
    if (::TIFFGetField(tiff_.get(), TIFFTAG_ICCPROFILE, &length, &profile) != 0 && profile != nullptr) {
      note_profile(out, {static_cast<const std::uint8_t*>(profile), length});
    }
  }

  const ByteView& file_;
  Input in_;
  Handle tiff_;
  std::size_t height_ = 0, width_ = 0;
  unsigned bits_ = 0, channels_ = 0, photometric_ = 0;
};

}  // namespace

Raster decode_tiff(const ByteView& file) {
  return TiffDecoder(file).decode();
}

}  // namespace obscura::image
