#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <variant>
#include <vector>

/// A report as it is before it becomes HTML or Markdown: both are made of this, so that both say the same. All texts
/// are plain; whoever writes a form escapes them.
namespace obscura::report {

struct Paragraph {
  std::string text;
  bool warning = false;  ///< stands out
};

struct Bullets {
  std::vector<std::string> items;
};

/// Lines to be typed.
struct Commands {
  std::vector<std::string> lines;
};

struct Table {
  std::string title;
  std::vector<std::string> headings;
  std::string align;  ///< a letter a column: l, r; shorter: the rest is r
  std::vector<std::vector<std::string>> rows;
  std::vector<std::string> notes;  ///< under the table

  bool left(std::size_t column) const { return column < align.size() && align[column] == 'l'; }
};

/// A confusion matrix: counts[label][prediction].
struct Matrix {
  std::string title;
  std::vector<std::string> classes;
  std::vector<std::vector<std::size_t>> counts;
  std::vector<double> f1;                        ///< of every class
  std::string columns = "encrypted prediction";  ///< what they are
};

/// How often errors of a size occurred: bin i is from 10^(first + i / per_decade) on. Below and above all bins:
/// counted in the first and last.
struct Histogram {
  std::string title;
  double first = 0;
  int per_decade = 1;
  std::vector<std::size_t> counts;
};

/// A length in time beside another, on a logarithmic scale.
struct Comparison {
  std::string title;
  std::string reference, own;  ///< whose
  struct Pair {
    std::string name;
    double reference = 0, own = 0;  ///< seconds
  };
  std::vector<Pair> pairs;
};

/// Shares from 0 to 1 as bars.
struct Bars {
  std::string title;
  struct Bar {
    std::string name;
    double share = 0;  ///< not-a-number: not measured
  };
  std::vector<Bar> bars;
};

/// Lines or points over two axes.
struct Plot {
  std::string title;
  std::string x_title, y_title;
  bool percent = true;  ///< both axes are shares, written as percentages
  double x_low = 0, x_high = 1, y_low = 0, y_high = 1;
  struct Point {
    double x = 0, y = 0;
    std::string name = {};
    double low = std::numeric_limits<double>::quiet_NaN(), high = low;  ///< interval of y; not-a-number: none
  };
  struct Series {
    std::string name;
    std::vector<Point> points;
    bool joined = true;  ///< by a line, in their order
  };
  std::vector<Series> series;
  struct Level {
    std::string name;
    double y = 0;
  };
  std::vector<Level> levels;  ///< lines across, as of chance
  bool counts = false;        ///< x counts something: only whole numbers are marked
};

/// A picture made of pixels.
struct Picture {
  std::string title;
  std::string file;               ///< where it lies beside the report, for forms that hold no pictures
  std::vector<std::uint8_t> png;  ///< the same, for those that do; empty: it was not made
};

/// Pictures side by side.
struct Matrices {
  std::vector<Matrix> pictures;
};
struct Histograms {
  std::vector<Histogram> pictures;
};

using Block = std::variant<Paragraph, Bullets, Commands, Table, Matrices, Histograms, Comparison, Bars, Plot, Picture>;

struct Section {
  std::string title;
  std::vector<Block> blocks;
};

struct Document {
  std::string title;
  std::string subtitle;
  std::vector<Section> sections;
};

/// One page that needs nothing else: styles and pictures are inside, light and dark, fit to be printed.
std::string to_html(const Document& document);

/// Tables and lists as GitHub and most others read them; pictures become tables.
std::string to_markdown(const Document& document);

}  // namespace obscura::report
