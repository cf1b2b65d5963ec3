// A picture of a data set, for people.
#include <algorithm>
#include <opencv2/imgproc.hpp>

#include "base/error.h"
#include "image/dataset.h"
#include "image/mat.h"

namespace obscura::image {
namespace {

constexpr std::size_t kGap = 3;
constexpr std::size_t kMaxRows = 40;
constexpr int kTextHeight = 14;

/// Small images are enlarged by a whole factor so that a person sees them, large ones made smaller.
std::size_t tile_side(const Dataset& set) {
  const std::size_t side = std::max(set.height, set.width);
  return side <= 64 ? side * (96 / std::max<std::size_t>(side, 1)) : 96;
}

/// The first `per_class` images of each class.
std::vector<std::vector<std::size_t>> examples(const Dataset& set, std::size_t per_class) {
  std::vector<std::vector<std::size_t>> rows(std::min(set.classes.size(), kMaxRows));
  for (std::size_t n = 0; n < set.count; ++n) {
    const auto label = static_cast<std::size_t>(set.labels[n]);
    if (label < rows.size() && rows[label].size() < per_class) rows[label].push_back(n);
  }
  return rows;
}

std::size_t label_width(const Dataset& set) {
  int widest = 0;
  for (const std::string& name : set.classes) {
    int baseline = 0;
    widest = std::max(widest, cv::getTextSize(name, cv::FONT_HERSHEY_SIMPLEX, 0.45, 1, &baseline).width);
  }
  return static_cast<std::size_t>(std::clamp(widest, 10, 400)) + 16;
}

void paste(Image& sheet, const Image& tile, std::size_t top, std::size_t left) {
  cv::Mat target = view(sheet)(cv::Rect(static_cast<int>(left), static_cast<int>(top), static_cast<int>(tile.width),
                                        static_cast<int>(tile.height)));
  view(tile).copyTo(target);
}

/// Whole factors keep pixels square and sharp.
Image enlarge(const Image& image, std::size_t side) {
  Image out(image.channels, side, side);
  cv::Mat target = view(out);
  const bool smaller = side < std::max(image.height, image.width);
  cv::resize(view(image), target, target.size(), 0, 0, smaller ? cv::INTER_AREA : cv::INTER_NEAREST);
  return to_rgb(out);
}

}  // namespace

Image contact_sheet(const Dataset& set, std::size_t per_class) {
  if (set.count == 0 || set.classes.empty() || per_class == 0) throw ParameterError("an empty data set has no picture");
  const auto rows = examples(set, per_class);
  const std::size_t side = tile_side(set), left = label_width(set);
  const std::size_t step = side + kGap;
  Image sheet(3, rows.size() * step + kGap, left + per_class * step + kGap, 245);
  for (std::size_t r = 0; r < rows.size(); ++r) {
    cv::Mat canvas = view(sheet);
    const int baseline = static_cast<int>(kGap + r * step + side / 2) + kTextHeight / 3;
    cv::putText(canvas, set.classes[r], cv::Point(8, baseline), cv::FONT_HERSHEY_SIMPLEX, 0.45, cv::Scalar(40, 40, 40),
                1, cv::LINE_AA);
    for (std::size_t k = 0; k < rows[r].size(); ++k) {
      paste(sheet, enlarge(set.image(rows[r][k]), side), kGap + r * step, left + k * step);
    }
  }
  return sheet;
}

}  // namespace obscura::image
