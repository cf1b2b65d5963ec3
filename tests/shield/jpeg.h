#pragma once

#include <jpeglib.h>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include <vector>

#include "image/image.h"

/// JPEG as others write and read it: libjpeg itself, since OpenCV's writer cannot be told how colours are sampled
/// before its version 4.7.
namespace obscura::shield {

/// How a JPEG file keeps colours: each as fine as brightness (4:4:4), or half as fine both ways (4:2:0).
enum class Chroma { full, halved };

struct JpegFile {
  std::vector<std::uint8_t> bytes;
  std::size_t scan = 0;  ///< bytes of the picture itself, without tables and headers
};

inline JpegFile to_jpeg(const image::Image& image, int quality, Chroma chroma) {
  jpeg_compress_struct jpeg{};
  jpeg_error_mgr errors{};
  jpeg.err = jpeg_std_error(&errors);
  jpeg_create_compress(&jpeg);
  unsigned char* memory = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&jpeg, &memory, &size);
  jpeg.image_width = static_cast<JDIMENSION>(image.width);
  jpeg.image_height = static_cast<JDIMENSION>(image.height);
  jpeg.input_components = static_cast<int>(image.channels);
  jpeg.in_color_space = image.channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
  jpeg_set_defaults(&jpeg);
  jpeg_set_quality(&jpeg, quality, TRUE);
  const int factor = chroma == Chroma::halved && image.channels == 3 ? 2 : 1;
  jpeg.comp_info[0].h_samp_factor = factor;
  jpeg.comp_info[0].v_samp_factor = factor;
  jpeg_start_compress(&jpeg, TRUE);
  while (jpeg.next_scanline < jpeg.image_height) {
    JSAMPROW row = const_cast<JSAMPROW>(&image.pixels[jpeg.next_scanline * image.width * image.channels]);
    jpeg_write_scanlines(&jpeg, &row, 1);
  }
  jpeg_finish_compress(&jpeg);
  JpegFile out{{memory, memory + size}, 0};
  jpeg_destroy_compress(&jpeg);
  std::free(memory);
  std::size_t at = 2;  // behind the start mark; segments say how long they are, up to that of the scan (0xDA)
  while (out.bytes.at(at + 1) != 0xDA) at += 2 + (std::size_t{out.bytes.at(at + 2)} << 8 | out.bytes.at(at + 3));
  out.scan = out.bytes.size() - at;
  return out;
}

/// `smooth`: halved colours are interpolated between neighbours, as libjpeg does unless told otherwise; else repeated.
inline image::Image from_jpeg(const std::vector<std::uint8_t>& bytes, bool smooth = true) {
  jpeg_decompress_struct jpeg{};
  jpeg_error_mgr errors{};
  jpeg.err = jpeg_std_error(&errors);
  jpeg_create_decompress(&jpeg);
  jpeg_mem_src(&jpeg, bytes.data(), bytes.size());
  jpeg_read_header(&jpeg, TRUE);
  jpeg.do_fancy_upsampling = smooth ? TRUE : FALSE;
  jpeg_start_decompress(&jpeg);
  image::Image out(static_cast<std::size_t>(jpeg.output_components), jpeg.output_height, jpeg.output_width);
  while (jpeg.output_scanline < jpeg.output_height) {
    JSAMPROW row = &out.pixels[jpeg.output_scanline * out.width * out.channels];
    jpeg_read_scanlines(&jpeg, &row, 1);
  }
  jpeg_finish_decompress(&jpeg);
  jpeg_destroy_decompress(&jpeg);
  return out;
}

}  // namespace obscura::shield
