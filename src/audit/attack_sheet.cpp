#include "audit/attack_sheet.h"

#include <algorithm>
#include <array>
#include <opencv2/imgproc.hpp>

#include "base/error.h"
#include "shield/container.h"

namespace obscura::audit {
namespace {

// Text is drawn at twice its size and averaged down: OpenCV's line fonts look far better for it.
constexpr int kOver = 2;
constexpr int kTile = 96;
constexpr int kGap = 6;
constexpr int kLeft = 104;
constexpr int kHead = 46;
constexpr int kFoot = 34;
const cv::Scalar kPaper(250, 250, 248);
const cv::Scalar kInk(33, 37, 43);
const cv::Scalar kFaint(118, 124, 134);

cv::Mat view(image::Image& image) {
  return {static_cast<int>(image.height), static_cast<int>(image.width), CV_8UC3, image.pixels.data()};
}

/// `size` is the height of a capital letter in pixels; cut to what fits `width`.
void put_text(cv::Mat& canvas, int x, int y, std::string text, double size, const cv::Scalar& colour, int width) {
  const double scale = size * kOver / 21;
  const auto wide = [&](const std::string& t) {
    int baseline = 0;
    return cv::getTextSize(t, cv::FONT_HERSHEY_SIMPLEX, scale, kOver, &baseline).width > width * kOver;
  };
  if (wide(text)) {
    while (!text.empty() && wide(text + "...")) text.pop_back();
    text += "...";
  }
  cv::putText(canvas, text, {x * kOver, y * kOver}, cv::FONT_HERSHEY_SIMPLEX, scale, colour, kOver, cv::LINE_AA);
}

/// Whole factors keep the pixels of small images square; sides keep their ratio.
void put_tile(cv::Mat& canvas, int left, int top, const image::Image& image) {
  image::Image rgb = image::to_rgb(image);
  const int side = kTile * kOver, longer = static_cast<int>(std::max(rgb.height, rgb.width));
  const double factor = longer <= side ? side / longer : static_cast<double>(side) / longer;
  const int width = std::max(1, static_cast<int>(static_cast<double>(rgb.width) * factor));
  const int height = std::max(1, static_cast<int>(static_cast<double>(rgb.height) * factor));
  cv::Mat tile;
  cv::resize(view(rgb), tile, {width, height}, 0, 0, factor >= 1 ? cv::INTER_NEAREST : cv::INTER_AREA);
  tile.copyTo(canvas(cv::Rect(left * kOver + (side - width) / 2, top * kOver + (side - height) / 2, width, height)));
}

}  // namespace

image::Image draw(const AttackSheet& sheet) {
  const std::array<std::pair<const char*, const std::vector<image::Image>*>, 3> rows = {
      {{"plain", &sheet.plain}, {"protected", &sheet.seen}, {"recovered", &sheet.recovered}}};
  const std::size_t columns = std::min(kSheetColumns, sheet.plain.size());
  for (const auto& [name, images] : rows) {
    if (images->size() >= columns && columns > 0) continue;
    throw ParameterError("a sheet of an attack needs as many recovered and protected images as plain ones");
  }
  // As wide as a title needs, even for one image.
  const int width = kLeft + std::max(static_cast<int>(columns), 6) * (kTile + kGap) + kGap;
  const int height = kHead + 3 * (kTile + kGap) + kFoot;
  cv::Mat canvas(height * kOver, width * kOver, CV_8UC3, kPaper);
  put_text(canvas, 12, 28, sheet.title, 12, kInk, width - 24);
  put_text(canvas, 12, height - 13, sheet.footer, 9, kFaint, width - 24);
  for (int r = 0; r < 3; ++r) {
    const auto& [name, images] = rows[static_cast<std::size_t>(r)];
    const int top = kHead + r * (kTile + kGap);
    put_text(canvas, 12, top + kTile / 2 + 4, name, 10, kInk, kLeft - 16);
    for (std::size_t k = 0; k < columns; ++k) {
      put_tile(canvas, kLeft + static_cast<int>(k) * (kTile + kGap), top, (*images)[k]);
    }
  }
  image::Image out(3, static_cast<std::size_t>(height), static_cast<std::size_t>(width));
  cv::Mat target = view(out);
  cv::resize(canvas, target, target.size(), 0, 0, cv::INTER_AREA);
  return out;
}

image::Image seen(const shield::Picture& picture) {
  if (const auto* bytes = std::get_if<image::Image>(&picture)) return *bytes;
  return shield::view(std::get<shield::RealImage>(picture));
}

}  // namespace obscura::audit
