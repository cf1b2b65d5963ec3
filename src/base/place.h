#pragma once

#include <filesystem>

namespace obscura {

/// Throws IoError, "cannot write FILE: ...", unless a file of that name could be put there: its folder is there, and it
/// is no folder itself. Asked before hours of work, not after.
void check_place(const std::filesystem::path& file);

}  // namespace obscura
