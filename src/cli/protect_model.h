#pragma once

#include <filesystem>

namespace obscura::cli {

/// A network for plain pictures becomes one for protected ones, with the same answers (train/absorb.h). Says who must
/// not hold both.
void protect_model(const std::filesystem::path& model, const std::filesystem::path& key,
                   const std::filesystem::path& out, bool json);

}  // namespace obscura::cli
