#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

/// NumPy arrays and bytes on their way in and out. All of it is called with the interpreter's lock held.
namespace obscura::python {

using FloatArray = pybind11::array_t<float, pybind11::array::c_style | pybind11::array::forcecast>;
using DoubleArray = pybind11::array_t<double, pybind11::array::c_style | pybind11::array::forcecast>;
using PixelArray = pybind11::array_t<std::uint8_t, pybind11::array::c_style>;  ///< nothing else becomes pixels silently

/// The bytes of anything that has contiguous ones (bytes, bytearray, memoryview, an array), where they are: nobody can
/// resize them while this holds them. Copies nothing. Throws MismatchError that names `what` for anything else.
/// To be made and destroyed with the interpreter's lock held; read without it.
class ByteView {
 public:
  ByteView(pybind11::handle object, const std::string& what);
  ByteView(ByteView&& other) noexcept;
  ByteView(const ByteView&) = delete;
  ByteView& operator=(ByteView&&) = delete;
  ~ByteView();

  std::span<const std::uint8_t> span() const {
    return {static_cast<const std::uint8_t*>(buffer_.buf), static_cast<std::size_t>(buffer_.len)};
  }
  operator std::span<const std::uint8_t>() const { return span(); }

 private:
  Py_buffer buffer_{};
};

pybind11::bytes to_bytes(std::span<const std::uint8_t> bytes);

/// The 16 bytes that name keys and queries. Throws MismatchError that names `what` for another number of them.
std::array<std::uint8_t, 16> id_of(pybind11::handle object, const std::string& what);

/// count x size, row by row. Throws MismatchError for another number of axes, other rows than `size` (0: any), and for
/// values that are not finite, with the first one's place.
std::vector<std::vector<float>> rows_of(const FloatArray& array, std::size_t size, const std::string& what);
std::vector<std::vector<double>> rows_of(const DoubleArray& array, std::size_t size, const std::string& what);

/// A new array, count x size (0 x `size` where there is no row).
pybind11::array_t<double> to_array(const std::vector<std::vector<double>>& rows, std::size_t size = 0);
pybind11::array_t<float> to_array(const std::vector<std::vector<float>>& rows, std::size_t size = 0);
pybind11::array_t<double> to_array(std::span<const double> values);

}  // namespace obscura::python
