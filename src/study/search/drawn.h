#pragma once

#include <cstdint>
#include <span>

#include "image/image.h"

namespace obscura::study {

/// Bytes as pixels, from the middle of them on: what a ciphertext looks like. 32 x 32.
image::Image drawn_bytes(std::span<const std::uint8_t> bytes);
/// Numbers as tiles, from black (the least) to white. 32 x 32.
image::Image drawn_numbers(std::span<const float> numbers);

}  // namespace obscura::study
