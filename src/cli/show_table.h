#pragma once

#include <cstddef>
#include <limits>

#include "report/document.h"

namespace obscura::cli {

/// Prints headings, rows and notes of a table in columns, two spaces in. A column is as wide as its widest cell; cells
/// of `long_cell` characters and more, but in the first column, do not count and stick out. The title is the caller's.
void print_table(const report::Table& table, std::size_t long_cell = std::numeric_limits<std::size_t>::max());

}  // namespace obscura::cli
