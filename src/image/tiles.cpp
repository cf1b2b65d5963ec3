#include "image/tiles.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "base/error.h"
#include "image/mat.h"

namespace obscura::image {
namespace {

constexpr double kLegible = 600, kLargest = 4096;
constexpr int kFoot = 52;         ///< pixels under the picture
constexpr int kHatch = 14;        ///< from line to line of a hatch
constexpr int kHatchFrom = 20;    ///< smaller tiles have a tint only: lines would hide them
constexpr double kTint = 0.34;    ///< share of the colour
constexpr double kLetter = 0.45;  ///< scale of OpenCV's font, in which capitals are 21 pixels high

const cv::Scalar kPaper(250, 250, 248);
const cv::Scalar kInk(33, 37, 43);
const cv::Scalar kMark(38, 112, 182);
const cv::Scalar kHatchLine(120, 176, 226);
const cv::Scalar kBorder(196, 160, 40);

cv::Size text_size(const std::string& text) {
  int baseline = 0;
  return cv::getTextSize(text, cv::FONT_HERSHEY_SIMPLEX, kLetter, 1, &baseline);
}

void put_text(cv::Mat& canvas, const std::string& text, cv::Point at, const cv::Scalar& colour) {
  cv::putText(canvas, text, at, cv::FONT_HERSHEY_SIMPLEX, kLetter, colour, 1, cv::LINE_AA);
}

std::string fitted(std::string text, int width) {
  if (text_size(text).width <= width) return text;
  while (!text.empty() && text_size(text + "...").width > width) text.pop_back();
  return text + "...";
}

/// Where a tile lies in the drawing. Neighbours share no pixel and leave none out.
cv::Rect placed(const TileMap::Tile& tile, double scale) {
  const auto at = [scale](std::size_t v) { return static_cast<int>(std::lround(static_cast<double>(v) * scale)); };
  return {at(tile.x), at(tile.y), at(tile.x + tile.width) - at(tile.x), at(tile.y + tile.height) - at(tile.y)};
}

/// Lines from the lower left to the upper right, which go on from tile to tile.
void hatch(cv::Mat& tile, const cv::Rect& at) {
  const int first = (at.x + at.y) / kHatch * kHatch, last = at.x + at.y + at.width + at.height;
  for (int sum = first; sum <= last; sum += kHatch) {
    const int from = sum - at.x - at.y;
    cv::line(tile, {from - at.height, at.height}, {from, 0}, kHatchLine, 1, cv::LINE_AA);
  }
}

void mark(cv::Mat& canvas, const cv::Rect& at) {
  cv::Mat tile = canvas(at);
  const cv::Mat colour(tile.size(), tile.type(), kMark);
  cv::addWeighted(tile, 1 - kTint, colour, kTint, 0, tile);
  if (std::min(at.width, at.height) >= kHatchFrom) hatch(tile, at);
}

/// On a ground of its own, so that it is read on any picture.
void put_label(cv::Mat& canvas, const cv::Rect& at, const std::string& label) {
  const cv::Size size = text_size(label);
  const cv::Rect ground(at.x + 4, at.y + 4, size.width + 8, size.height + 8);
  if (label.empty() || ground.width + 8 > at.width || ground.height + 8 > at.height) return;
  cv::rectangle(canvas, ground, kPaper, cv::FILLED);
  put_text(canvas, label, {ground.x + 4, ground.y + ground.height - 4}, kInk);
}

void draw_tile(cv::Mat& canvas, const TileMap::Tile& tile, double scale) {
  const cv::Rect at = placed(tile, scale);
  if (at.width < 1 || at.height < 1) return;
  if (tile.marked) mark(canvas, at);
  if (std::min(at.width, at.height) > 3) cv::rectangle(canvas, at, kBorder, 1);
  put_label(canvas, at, tile.label);
}

void check(const TileMap& map) {
  const Image& picture = map.picture;
  if (picture.empty()) throw ParameterError("an empty picture has no tiles");
  for (const auto& tile : map.tiles) {
    if (tile.y + tile.height <= picture.height && tile.x + tile.width <= picture.width) continue;
    throw ParameterError("a tile is not inside its picture");
  }
}

}  // namespace

double tile_scale(const Image& picture) {
  const auto longer = static_cast<double>(std::max(picture.height, picture.width));
  if (longer < kLegible) return std::ceil(kLegible / longer);
  return std::min(1.0, kLargest / longer);
}

Image draw_tiles(const TileMap& map) {
  check(map);
  const double scale = tile_scale(map.picture);
  const auto side = [scale](std::size_t v) {
    return std::max(1, static_cast<int>(std::lround(scale * static_cast<double>(v))));
  };
  const int width = side(map.picture.width), height = side(map.picture.height);
  // Captions are read under narrow pictures, too.
  Image out(3, static_cast<std::size_t>(height + kFoot), static_cast<std::size_t>(std::max(width, 420)));
  cv::Mat canvas = view(out);
  canvas.setTo(kPaper);
  const Image rgb = to_rgb(map.picture);
  cv::Mat large;
  cv::resize(view(rgb), large, {width, height}, 0, 0, scale >= 1 ? cv::INTER_NEAREST : cv::INTER_AREA);
  cv::Mat drawn = canvas(cv::Rect(0, 0, width, height));
  large.copyTo(drawn);
  for (const auto& tile : map.tiles) draw_tile(drawn, tile, scale);
  put_text(canvas, fitted(map.caption, canvas.cols - 16), {8, height + 20}, kInk);
  put_text(canvas, fitted(map.legend, canvas.cols - 16), {8, height + 42}, kMark);
  return out;
}

}  // namespace obscura::image
