#pragma once

#include <filesystem>

#include "cli/protect_key.h"

namespace obscura::cli {

/// A network for plain pictures becomes one for protected ones, with the same answers (train/absorb.h). Says who must
/// not hold both. `data` is as for take_key().
void protect_model(const std::filesystem::path& model, const KeyOptions& key, const std::filesystem::path& data,
                   const std::filesystem::path& out, bool json, bool force);

}  // namespace obscura::cli
