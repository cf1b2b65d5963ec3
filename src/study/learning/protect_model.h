#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include "study/shield_key.h"

namespace obscura::study {

struct ProtectedModel {
  std::string network;  ///< its architecture
  std::string shield;
  std::size_t block = 0;
  std::string promise;  ///< of the shield
};

/// A network for plain pictures becomes one for protected ones, with the same answers (train/absorb.h), and is written
/// to `out`; so is the key, if that is to be made. `data` is as for take_key(). Throws as that, reading and absorbing
/// do.
ProtectedModel protect_model(const std::filesystem::path& model, const KeyOptions& key,
                             const std::filesystem::path& data, const std::filesystem::path& out);

}  // namespace obscura::study
