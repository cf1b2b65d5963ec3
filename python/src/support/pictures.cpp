#include "support/pictures.h"

#include "base/error.h"

namespace py = pybind11;

namespace obscura::python {
namespace {

std::string axes_text(const PixelArray& array) {
  std::string text;
  for (py::ssize_t i = 0; i < array.ndim(); ++i) text += (i ? "x" : "") + std::to_string(array.shape(i));
  return text.empty() ? "no axes" : text;
}

image::Image picture_at(const std::uint8_t* from, std::size_t height, std::size_t width, std::size_t channels,
                        const std::string& what) {
  try {
    return image::Image::of(channels, height, width, {from, from + height * width * channels});
  } catch (const ParameterError& e) {
    throw MismatchError(what + ": " + e.what());
  }
}

}  // namespace

image::Image picture_of(const PixelArray& array, const std::string& what) {
  const bool flat = array.ndim() == 2;
  if (!flat && (array.ndim() != 3 || (array.shape(2) != 1 && array.shape(2) != 3))) {
    throw MismatchError(what + ": an array of " + axes_text(array) +
                        ", expected height x width (grey) or height x width x 3 (red, green, blue)");
  }
  return picture_at(array.data(), static_cast<std::size_t>(array.shape(0)), static_cast<std::size_t>(array.shape(1)),
                    flat ? 1 : static_cast<std::size_t>(array.shape(2)), what);
}

std::vector<image::Image> pictures_of(const PixelArray& array, const std::string& what) {
  if (array.ndim() != 4 || (array.shape(3) != 1 && array.shape(3) != 3)) {
    throw MismatchError(what + ": an array of " + axes_text(array) +
                        ", expected count x height x width x channels, of which there are 1 (grey) or 3");
  }
  const auto axis = [&](int i) { return static_cast<std::size_t>(array.shape(i)); };
  std::vector<image::Image> pictures;
  for (std::size_t n = 0; n < axis(0); ++n) {
    pictures.push_back(picture_at(array.data() + n * axis(1) * axis(2) * axis(3), axis(1), axis(2), axis(3), what));
  }
  return pictures;
}

py::array_t<std::uint8_t> to_array(const image::Image& picture) {
  std::vector<std::size_t> shape{picture.height, picture.width};
  if (picture.channels != 1) shape.push_back(picture.channels);
  return py::array_t<std::uint8_t>(shape, picture.pixels.data());
}

}  // namespace obscura::python
