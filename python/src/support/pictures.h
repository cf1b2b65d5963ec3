#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <cstdint>
#include <string>
#include <vector>

#include "image/image.h"
#include "support/arrays.h"

/// Pictures as arrays.
namespace obscura::python {

/// uint8, height x width or height x width x 1 or 3, as a picture. Throws MismatchError that names `what`.
image::Image picture_of(const PixelArray& array, const std::string& what);
/// uint8, count x height x width x channels.
std::vector<image::Image> pictures_of(const PixelArray& array, const std::string& what);
/// height x width of a grey picture, height x width x 3 of one in colour.
pybind11::array_t<std::uint8_t> to_array(const image::Image& picture);
}  // namespace obscura::python
