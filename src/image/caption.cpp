#include "image/caption.h"

#include <opencv2/imgproc.hpp>

#include "base/error.h"
#include "image/mat.h"

namespace obscura::image {

void write_caption(Image& picture, const std::string& text, std::size_t left, std::size_t baseline) {
  if (picture.channels != 3) throw ParameterError("a caption needs a picture of three channels");
  cv::Mat canvas = view(picture);
  cv::putText(canvas, text, cv::Point(static_cast<int>(left), static_cast<int>(baseline)), cv::FONT_HERSHEY_SIMPLEX,
              0.4, cv::Scalar(40, 40, 40), 1, cv::LINE_AA);
}

}  // namespace obscura::image
