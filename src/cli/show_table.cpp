#include "cli/show_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

namespace obscura::cli {
namespace {

std::vector<std::size_t> column_widths(const report::Table& table, std::size_t long_cell) {
  std::vector<std::size_t> widths;
  for (const auto& heading : table.headings) widths.push_back(heading.size());
  for (const auto& row : table.rows) {
    for (std::size_t c = 0; c < row.size(); ++c) {
      if (c == 0 || row[c].size() < long_cell) widths[c] = std::max(widths[c], row[c].size());
    }
  }
  return widths;
}

}  // namespace

void print_table(const report::Table& table, std::size_t long_cell) {
  const auto widths = column_widths(table, long_cell);
  const auto print_row = [&](const std::vector<std::string>& row) {
    std::string text;
    for (std::size_t c = 0; c < row.size(); ++c) {
      text += table.left(c) ? fmt::format("{:<{}}  ", row[c], widths[c]) : fmt::format("{:>{}}  ", row[c], widths[c]);
    }
    fmt::print("  {}\n", text.substr(0, text.find_last_not_of(' ') + 1));
  };
  print_row(table.headings);
  for (const auto& row : table.rows) print_row(row);
  for (const auto& line : table.notes) fmt::print("  {}\n", line);
}

}  // namespace obscura::cli
