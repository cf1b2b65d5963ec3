#pragma once

#include <filesystem>
#include <memory>

#include "serve/galleries/trusted.h"

namespace obscura::study {

/// What makes a service one of mode trusted: a network that vectors are made with, and a key pair of this run, which
/// is written nowhere. Throws as reading networks does, and UnsupportedError for a network whose input is no grey or
/// RGB picture.
std::shared_ptr<serve::TrustedPictures> trusted_pictures(const std::filesystem::path& network);

}  // namespace obscura::study
