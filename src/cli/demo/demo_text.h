#pragma once

#include <string>
#include <vector>

#include "cli/demo/demo_console.h"
#include "study/demo/result.h"

namespace obscura::cli {

/// Picture and bytes side by side, the answer at their right. Fits 80 columns.
std::string shown_text(const study::DemoShown& shown, const std::vector<std::string>& classes, Glyphs glyphs);

/// What many images together came to.
std::string batch_text(const study::DemoResult& result);

}  // namespace obscura::cli
