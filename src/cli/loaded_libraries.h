#pragma once

#include <string>
#include <vector>

namespace obscura::cli {

/// The files of the shared libraries that this process has loaded, without their folders and sorted: those that links
/// lead to, whose names tell versions ("libsodium.so.23.3.0").
std::vector<std::string> loaded_libraries();

}  // namespace obscura::cli
