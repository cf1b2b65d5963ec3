#pragma once

#include <string>

#include "report/document.h"

namespace obscura::report {

/// The plot as a file of its own, on white, with the style that pages give it otherwise.
std::string plot_file_svg(const Plot& plot);

}  // namespace obscura::report
