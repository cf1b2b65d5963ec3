#pragma once

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "image/image.h"

namespace obscura::image {

/// A picture for people of images classified unseen. Text is ASCII; what does not fit its place is cut off.
struct Board {
  struct Row {
    Image picture;
    Image seen;  ///< what the server saw
    /// Best first: a name and a share of 0 to 1 each.
    std::vector<std::pair<std::string, double>> bars;
    std::string verdict;
    bool good = true;  ///< colours the verdict
    std::string note;
  };
  std::string title;
  std::string subtitle;
  std::array<std::string, 3> headings;  ///< over picture, seen and bars
  /// Over and under the arrows from column to column.
  std::array<std::pair<std::string, std::string>, 2> arrows;
  std::vector<Row> rows;
  std::string footer;
};

/// The board as an RGB picture, 1,000 pixels wide. Throws ParameterError for a board without rows or with more than
/// kMaxBoardRows.
Image draw_board(const Board& board);

inline constexpr std::size_t kMaxBoardRows = 100;

}  // namespace obscura::image
