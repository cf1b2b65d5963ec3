#pragma once

#include <opencv2/core.hpp>

#include "image/image.h"

/// For this folder's .cpp files only: OpenCV stays out of the public headers.
namespace obscura::image {

/// A view of the image's own samples, in RGB order.
inline cv::Mat view(Image& image) {
  return {static_cast<int>(image.height), static_cast<int>(image.width), image.channels == 3 ? CV_8UC3 : CV_8UC1,
          image.pixels.data()};
}
/// OpenCV has no view of const samples; callers only read.
inline cv::Mat view(const Image& image) {
  return view(const_cast<Image&>(image));
}

}  // namespace obscura::image
