// Images from and to bytes, through OpenCV's codecs.
#include <exception>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "base/error.h"
#include "base/out_of_memory.h"
#include "image/container.h"
#include "image/mat.h"

namespace obscura::image {
namespace {

/// Transparency over white, as viewers show it. BGRA in, BGR out.
cv::Mat over_white(const cv::Mat& bgra) {
  cv::Mat out(bgra.size(), CV_8UC3);
  for (int y = 0; y < bgra.rows; ++y) {
    for (int x = 0; x < bgra.cols; ++x) {
      const auto& in = bgra.at<cv::Vec4b>(y, x);
      for (int c = 0; c < 3; ++c) {
        out.at<cv::Vec3b>(y, x)[c] = static_cast<std::uint8_t>((in[c] * in[3] + 255 * (255 - in[3]) + 127) / 255);
      }
    }
  }
  return out;
}

/// Only a JPEG carries an EXIF orientation, and only IMREAD_UNCHANGED keeps transparency: each wants its own mode.
cv::Mat decode_mat(std::span<const std::uint8_t> bytes, Container container) {
  const cv::Mat buffer(1, static_cast<int>(bytes.size()), CV_8UC1, const_cast<std::uint8_t*>(bytes.data()));
  return cv::imdecode(buffer, container == Container::jpeg ? cv::IMREAD_ANYCOLOR : cv::IMREAD_UNCHANGED);
}

Image from_mat(cv::Mat mat) {
  if (mat.depth() == CV_16U) mat.convertTo(mat, CV_8U, 1.0 / 257);
  if (mat.channels() == 4) mat = over_white(mat);
  Image out(mat.channels() == 1 ? 1 : 3, static_cast<std::size_t>(mat.rows), static_cast<std::size_t>(mat.cols));
  cv::Mat target = view(out);
  if (out.channels == 3) {
    cv::cvtColor(mat, target, cv::COLOR_BGR2RGB);
  } else {
    mat.copyTo(target);
  }
  return out;
}

}  // namespace

Image decode_image(std::span<const std::uint8_t> bytes, const std::string& what) {
  const ImageHeader header = inspect_image(bytes, what);
  try {
    const cv::Mat mat = decode_mat(bytes, header.container);
    const bool usable = !mat.empty() && (mat.depth() == CV_8U || mat.depth() == CV_16U) && mat.channels() != 2;
    if (usable) return from_mat(mat);
  } catch (const std::exception& e) {
    if (is_out_of_memory(e)) throw;
    // What the decoder says is of no use to whoever chose the file.
  }
  throw FormatError(what + " is damaged and cannot be decoded as an image");
}

std::vector<std::uint8_t> encode_png(const Image& image) {
  if (image.empty()) throw ParameterError("an empty image cannot be written");
  cv::Mat mat = view(image);
  cv::Mat bgr;
  if (image.channels == 3) {
    cv::cvtColor(mat, bgr, cv::COLOR_RGB2BGR);
    mat = bgr;
  }
  std::vector<std::uint8_t> out;
  try {
    if (cv::imencode(".png", mat, out, {cv::IMWRITE_PNG_COMPRESSION, 9})) return out;
  } catch (const std::exception& e) {
    if (is_out_of_memory(e)) throw;
  }
  throw Error("the image could not be encoded as PNG");
}

}  // namespace obscura::image
