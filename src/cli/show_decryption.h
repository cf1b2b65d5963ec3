#pragma once

#include <cstddef>

#include "study/decryption.h"

namespace obscura::cli {

/// A line an image on standard output: its `top` best classes with their confidences, and what is doubtful.
void show_images(const study::Decryption& done, std::size_t top);

}  // namespace obscura::cli
