// JPEG through libjpeg-turbo. The library fills what is missing with grey and warns; here every warning is an error.
#include <csetjmp>
#include <cstdio>  // jpeglib.h wants FILE

#include <jpeglib.h>

#include "image/jpeg_structure.h"
#include "image/raster.h"

namespace obscura::image {
namespace {

class JpegDecoder {
 public:
  explicit JpegDecoder(const ByteView& file) : file_(file) {
    info_.err = ::jpeg_std_error(&errors_);
    info_.client_data = this;
    errors_.error_exit = [](j_common_ptr info) { self(info).leave(); };
    errors_.output_message = [](j_common_ptr) {};
    errors_.emit_message = [](j_common_ptr info, int level) {
      if (level < 0) self(info).leave();
    };
  }
  JpegDecoder(const JpegDecoder&) = delete;
  JpegDecoder& operator=(const JpegDecoder&) = delete;
  ~JpegDecoder() { ::jpeg_destroy_decompress(&info_); }

  Raster decode() {
    run([](JpegDecoder& d) {
      jpeg_create_decompress(&d.info_);
      ::jpeg_mem_src(&d.info_, d.file_.all().data(), static_cast<unsigned long>(d.file_.size()));
      ::jpeg_read_header(&d.info_, TRUE);
    });
    const std::size_t channels = choose_colours();
    run([](JpegDecoder& d) { ::jpeg_start_decompress(&d.info_); });
    Raster out = make_raster(file_, channels, info_.output_height, info_.output_width);
    samples_ = out.samples.data();
    row_ = channels * out.width;
    run([](JpegDecoder& d) {
      while (d.info_.output_scanline < d.info_.output_height) {
        JSAMPROW row = d.samples_ + d.row_ * d.info_.output_scanline;
        ::jpeg_read_scanlines(&d.info_, &row, 1);
      }
      ::jpeg_finish_decompress(&d.info_);
    });
    if (channels == 4) cmyk_to_rgb(out, info_.saw_Adobe_marker != FALSE);
    return out;
  }

 private:
  static JpegDecoder& self(j_common_ptr info) { return *static_cast<JpegDecoder*>(info->client_data); }

  /// The library's way out of a callback. No frame between here and run() has anything to destroy.
  [[noreturn]] void leave() {
    errors_.format_message(reinterpret_cast<j_common_ptr>(&info_), message_);
    std::longjmp(jump_, 1);
  }

  void run(void (*step)(JpegDecoder&)) {
    if (setjmp(jump_) == 0) {
      step(*this);
      return;
    }
    file_.damaged(message_);
  }

  std::size_t choose_colours() {
    switch (info_.jpeg_color_space) {
      case JCS_GRAYSCALE:
        info_.out_color_space = JCS_GRAYSCALE;
        return 1;
      case JCS_YCbCr:
      case JCS_RGB:
        info_.out_color_space = JCS_RGB;
        return 3;
      case JCS_CMYK:
      case JCS_YCCK:
        info_.out_color_space = JCS_CMYK;
        return 4;
      default:
        file_.unsupported("it has " + std::to_string(info_.num_components) + " components of unknown colours");
    }
  }

  const ByteView& file_;
  jpeg_decompress_struct info_{};
  jpeg_error_mgr errors_{};
  std::jmp_buf jump_{};
  char message_[JMSG_LENGTH_MAX] = {};
  std::uint8_t* samples_ = nullptr;
  std::size_t row_ = 0;
};

}  // namespace

Raster decode_jpeg(const ByteView& file) {
  const JpegStructure structure = read_jpeg_structure(file);
  Raster out = JpegDecoder(file).decode();
  out.orientation = structure.orientation;
  note_profile(out, structure.profile);
  return out;
}

}  // namespace obscura::image
