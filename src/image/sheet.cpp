// A picture of a data set, for people.
#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "base/error.h"
#include "image/dataset.h"
#include "image/mat.h"
#include "image/transforms.h"

namespace obscura::image {
namespace {

constexpr std::size_t kGap = 3;
constexpr std::size_t kMaxRows = 40;
constexpr int kTextHeight = 14;
constexpr std::size_t kMostTransformed = 6;
constexpr std::uint64_t kSheetSeed = 1;

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

std::size_t label_width(const std::vector<std::string>& names) {
  int widest = 0;
  for (const std::string& name : names) {
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

/// Rows of tiles with names before them.
class Sheet {
 public:
  Sheet(const std::vector<std::string>& names, std::size_t columns, std::size_t rows, std::size_t side)
      : side_(side), left_(label_width(names)), image_(3, rows * step() + kGap, left_ + columns * step() + kGap, 245) {
    cv::Mat canvas = view(image_);
    for (std::size_t r = 0; r < rows; ++r) {
      const int baseline = static_cast<int>(kGap + r * step() + side / 2) + kTextHeight / 3;
      cv::putText(canvas, names[r], cv::Point(8, baseline), cv::FONT_HERSHEY_SIMPLEX, 0.45, cv::Scalar(40, 40, 40), 1,
                  cv::LINE_AA);
    }
  }

  void add(const Image& image, std::size_t row, std::size_t column) {
    paste(image_, enlarge(image, side_), kGap + row * step(), left_ + column * step());
  }

  Image take() { return std::move(image_); }

 private:
  std::size_t step() const { return side_ + kGap; }
  std::size_t side_, left_;
  Image image_;
};

void require_pictures(const Dataset& set) {
  if (set.count == 0 || set.classes.empty()) throw ParameterError("an empty data set has no picture");
}

Image transformed(const Dataset& set, std::size_t n, Transform transform) {
  const auto pixels = set.pixels(n);
  std::vector<float> values(pixels.begin(), pixels.end());
  transform_picture(values, {1, set.channels, set.height, set.width}, transform, kSheetSeed, n);
  std::vector<std::uint8_t> bytes;
  for (const float v : values) bytes.push_back(static_cast<std::uint8_t>(std::lround(v)));
  return from_planar(bytes, set.channels, set.height, set.width);
}

}  // namespace

Image contact_sheet(const Dataset& set, std::size_t per_class) {
  require_pictures(set);
  if (per_class == 0) throw ParameterError("a contact sheet of no picture a class");
  const auto rows = examples(set, per_class);
  Sheet sheet(set.classes, per_class, rows.size(), tile_side(set));
  for (std::size_t r = 0; r < rows.size(); ++r) {
    for (std::size_t k = 0; k < rows[r].size(); ++k) sheet.add(set.image(rows[r][k]), r, k);
  }
  return sheet.take();
}

Image transform_sheet(const Dataset& set) {
  require_pictures(set);
  std::vector<std::size_t> shown;
  for (const auto& of_class : examples(set, 1)) {
    if (!of_class.empty() && shown.size() < kMostTransformed) shown.push_back(of_class.front());
  }
  std::vector<std::string> names{"as it is"};
  for (const Transform transform : kTransforms) names.push_back(to_string(transform));
  Sheet sheet(names, shown.size(), names.size(), tile_side(set));
  for (std::size_t k = 0; k < shown.size(); ++k) {
    sheet.add(set.image(shown[k]), 0, k);
    for (std::size_t r = 1; r < names.size(); ++r) sheet.add(transformed(set, shown[k], kTransforms[r - 1]), r, k);
  }
  return sheet.take();
}

}  // namespace obscura::image
