#pragma once

#include <cstddef>
#include <cstdint>

#include "image/dataset.h"
#include "image/image.h"

namespace obscura::image {

/// Draws a digit as a hand might: a pen follows one of several stroke patterns of that digit, bent, slanted and
/// jittered by `seed`. White on black, 28 x 28, one channel, the digit in a 20 x 20 box with its centre of mass in the
/// middle of the picture: the conventions of MNIST, of which it contains nothing. The same seed gives the same image.
/// Throws ParameterError unless 0 <= digit <= 9.
Image draw_digit(int digit, std::uint64_t seed);

/// `count` drawn digits as a data set named "samples": image n is draw_digit(n % 10, seed + n / 10).
Dataset draw_digit_set(std::size_t count, std::uint64_t seed);

}  // namespace obscura::image
