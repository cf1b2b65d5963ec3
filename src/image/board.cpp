// Boards are drawn at twice their size and averaged down: OpenCV's line fonts look far better for it.
#include "image/board.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "base/error.h"
#include "image/mat.h"

namespace obscura::image {
namespace {

constexpr int kOver = 2;
constexpr int kWidth = 1000;
constexpr int kMargin = 36;
constexpr int kHead = 134;
constexpr int kFoot = 46;
constexpr int kTile = 140;
constexpr int kRow = kTile + 20;
constexpr int kSeenLeft = 270;
constexpr int kBarsLeft = 504;
constexpr int kBarLeft = kBarsLeft + 40;
constexpr int kBarRight = kWidth - kMargin - 92;

const cv::Scalar kPaper(250, 250, 248);
const cv::Scalar kInk(33, 37, 43);
const cv::Scalar kFaint(118, 124, 134);
const cv::Scalar kTrack(230, 232, 236);
const cv::Scalar kBest(38, 112, 182);
const cv::Scalar kOther(160, 184, 208);
const cv::Scalar kGood(30, 128, 76);
const cv::Scalar kBad(190, 52, 44);

/// Draws in units of the finished picture.
class Canvas {
 public:
  explicit Canvas(int height) : mat_(height * kOver, kWidth * kOver, CV_8UC3, kPaper) {}

  int text_width(const std::string& text, double size, int weight = 1) const {
    int baseline = 0;
    return cv::getTextSize(text, cv::FONT_HERSHEY_SIMPLEX, scale(size), weight * kOver, &baseline).width / kOver;
  }
  /// `size` is the height of a capital letter in pixels; `y` is the base line.
  void text(int x, int y, const std::string& text, double size, const cv::Scalar& colour, int weight = 1) {
    cv::putText(mat_, text, {x * kOver, y * kOver}, cv::FONT_HERSHEY_SIMPLEX, scale(size), colour, weight * kOver,
                cv::LINE_AA);
  }
  void box(int x, int y, int width, int height, const cv::Scalar& colour) {
    cv::rectangle(mat_, cv::Rect(x * kOver, y * kOver, width * kOver, height * kOver), colour, cv::FILLED);
  }
  void arrow(int x0, int x1, int y, const cv::Scalar& colour) {
    cv::arrowedLine(mat_, {x0 * kOver, y * kOver}, {x1 * kOver, y * kOver}, colour, 2 * kOver, cv::LINE_AA, 0,
                    10.0 / (x1 - x0));
  }
  /// Whole pixels where the tile is a multiple of the image.
  void tile(int x, int y, const Image& image) {
    const Image rgb = to_rgb(image);
    cv::Mat large;
    cv::resize(view(rgb), large, {kTile * kOver, kTile * kOver}, 0, 0, cv::INTER_NEAREST);
    large.copyTo(mat_(cv::Rect(x * kOver, y * kOver, large.cols, large.rows)));
    cv::rectangle(mat_, cv::Rect(x * kOver, y * kOver, large.cols, large.rows), kFaint, kOver / 2, cv::LINE_AA);
  }
  Image finish() const {
    Image out(3, static_cast<std::size_t>(mat_.rows / kOver), static_cast<std::size_t>(mat_.cols / kOver));
    cv::Mat target = view(out);
    cv::resize(mat_, target, target.size(), 0, 0, cv::INTER_AREA);
    return out;
  }

 private:
  /// Capitals of OpenCV's simplex font are 21 pixels high at scale 1.
  static double scale(double size) { return size * kOver / 21; }
  cv::Mat mat_;
};

/// Cut to what fits `width`, so that a long name of a network cannot run into its neighbour.
std::string fitted(const Canvas& canvas, std::string text, double size, int width) {
  if (canvas.text_width(text, size) <= width) return text;
  while (!text.empty() && canvas.text_width(text + "...", size) > width) text.pop_back();
  return text + "...";
}

void draw_head(Canvas& canvas, const Board& board) {
  const int whole = kWidth - 2 * kMargin;
  canvas.text(kMargin, 46, fitted(canvas, board.title, 16, whole - 40), 16, kInk, 2);
  canvas.text(kMargin, 74, fitted(canvas, board.subtitle, 10, whole), 10, kFaint);
  canvas.text(kMargin, 118, board.headings[0], 10.5, kInk);
  canvas.text(kSeenLeft, 118, board.headings[1], 10.5, kInk);
  canvas.text(kBarsLeft, 118, board.headings[2], 10.5, kInk);
}

/// An arrow across the gap between two columns, a word over and a word under it.
void draw_arrow(Canvas& canvas, int from, int to, int y, const std::pair<std::string, std::string>& words) {
  canvas.arrow(from + 14, to - 14, y, kFaint);
  const auto centred = [&](const std::string& word, int base) {
    canvas.text((from + to - canvas.text_width(word, 9)) / 2, base, word, 9, kFaint);
  };
  centred(words.first, y - 13);
  centred(words.second, y + 22);
}

void draw_bar(Canvas& canvas, int y, const std::pair<std::string, double>& entry, bool best) {
  constexpr int kHeight = 18;
  const double share = std::clamp(entry.second, 0.0, 1.0);
  canvas.text(kBarsLeft, y + 14, fitted(canvas, entry.first, 11, kBarLeft - kBarsLeft - 8), 11, kInk, best ? 2 : 1);
  canvas.box(kBarLeft, y, kBarRight - kBarLeft, kHeight, kTrack);
  const int length = std::max(2, static_cast<int>(std::lround(share * (kBarRight - kBarLeft))));
  canvas.box(kBarLeft, y, length, kHeight, best ? kBest : kOther);
  const std::string percent = fmt::format("{:.2f} %", 100 * share);
  canvas.text(kWidth - kMargin - canvas.text_width(percent, 10.5), y + 14, percent, 10.5, best ? kInk : kFaint);
}

void draw_row(Canvas& canvas, const Board& board, const Board::Row& row, int top) {
  canvas.tile(kMargin, top, row.picture);
  canvas.tile(kSeenLeft, top, row.seen);
  const int middle = top + kTile / 2;
  draw_arrow(canvas, kMargin + kTile, kSeenLeft, middle, board.arrows[0]);
  draw_arrow(canvas, kSeenLeft + kTile, kBarsLeft, middle, board.arrows[1]);
  for (std::size_t i = 0; i < std::min<std::size_t>(row.bars.size(), 3); ++i) {
    draw_bar(canvas, top + 6 + 28 * static_cast<int>(i), row.bars[i], i == 0);
  }
  canvas.text(kBarsLeft, top + 110, row.verdict, 11, row.good ? kGood : kBad, 1);
  canvas.text(kBarsLeft, top + 132, fitted(canvas, row.note, 9, kWidth - kMargin - kBarsLeft), 9, kFaint);
}

}  // namespace

Image draw_board(const Board& board) {
  if (board.rows.empty() || board.rows.size() > kMaxBoardRows) {
    throw ParameterError("a board has 1 to " + std::to_string(kMaxBoardRows) + " rows, not " +
                         std::to_string(board.rows.size()));
  }
  const int rows = static_cast<int>(board.rows.size());
  Canvas canvas(kHead + rows * kRow + kFoot);
  draw_head(canvas, board);
  for (int i = 0; i < rows; ++i) draw_row(canvas, board, board.rows[static_cast<std::size_t>(i)], kHead + i * kRow);
  canvas.text(kMargin, kHead + rows * kRow + 22, fitted(canvas, board.footer, 9.5, kWidth - 2 * kMargin), 9.5, kFaint);
  return canvas.finish();
}

}  // namespace obscura::image
