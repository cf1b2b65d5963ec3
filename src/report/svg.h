#pragma once

#include <string>

#include "report/document.h"

/// Pictures for the HTML page, as SVG elements whose colours are the page's (classes and variables of its style).
namespace obscura::report {

std::string matrix_svg(const Matrix& matrix);
std::string histogram_svg(const Histogram& histogram);
std::string comparison_svg(const Comparison& comparison);
std::string bars_svg(const Bars& bars);
std::string plot_svg(const Plot& plot);

}  // namespace obscura::report
