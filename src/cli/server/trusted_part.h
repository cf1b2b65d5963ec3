#pragma once

#include <filesystem>
#include <memory>

#include "serve/galleries/trusted.h"

namespace obscura::cli {

/// What makes a server one that sees pictures (study/serving/trusted_pictures.h). In the program that holds no secret
/// it goes on in the one that does (cli/tiers.h).
std::shared_ptr<serve::TrustedPictures> trusted_part(const std::filesystem::path& network);

}  // namespace obscura::cli
