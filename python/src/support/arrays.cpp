#include "support/arrays.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/error.h"

namespace py = pybind11;

namespace obscura::python {
namespace {

std::string type_of(py::handle object) {
  return py::str(py::type::handle_of(object).attr("__name__"));
}

template <typename Value, typename Array>
std::vector<std::vector<Value>> copied_rows(const Array& array, std::size_t size, const std::string& what) {
  if (array.ndim() != 2) {
    throw MismatchError(what + ": an array of " + std::to_string(array.ndim()) + " axes, expected 2: one row each");
  }
  const auto count = static_cast<std::size_t>(array.shape(0)), found = static_cast<std::size_t>(array.shape(1));
  if (size != 0 && found != size) {
    throw MismatchError(what + ": rows of " + std::to_string(found) + " values, expected " + std::to_string(size));
  }
  std::vector<std::vector<Value>> rows(count);
  for (std::size_t i = 0; i < count; ++i) {
    const Value* begin = array.data() + i * found;
    const Value* bad = std::find_if(begin, begin + found, [](Value v) { return !std::isfinite(v); });
    if (bad != begin + found) {
      throw MismatchError(what + ": value " + std::to_string(bad - begin) + " of row " + std::to_string(i) + " is " +
                          (std::isnan(*bad) ? "NaN" : "infinite") + ", expected finite numbers");
    }
    rows[i].assign(begin, begin + found);
  }
  return rows;
}

template <typename Value>
py::array_t<Value> stacked(const std::vector<std::vector<Value>>& rows, std::size_t size) {
  if (!rows.empty()) size = rows.front().size();
  py::array_t<Value> array({rows.size(), size});
  Value* out = array.mutable_data();
  for (const auto& row : rows) {
    if (row.size() != size) throw Error("rows of different sizes");
    out = std::copy(row.begin(), row.end(), out);
  }
  return array;
}

}  // namespace

ByteView::ByteView(py::handle object, const std::string& what) {
  if (PyObject_GetBuffer(object.ptr(), &buffer_, PyBUF_SIMPLE) == 0) return;
  PyErr_Clear();
  buffer_.obj = nullptr;
  throw MismatchError(what + ": " + type_of(object) + ", expected bytes" +
                      (py::isinstance<py::str>(object) ? " (read the file first: open(path, 'rb').read())" : ""));
}

ByteView::ByteView(ByteView&& other) noexcept : buffer_(std::exchange(other.buffer_, {})) {}

ByteView::~ByteView() {
  if (buffer_.obj) PyBuffer_Release(&buffer_);
}

py::bytes to_bytes(std::span<const std::uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::array<std::uint8_t, 16> id_of(py::handle object, const std::string& what) {
  const ByteView view(object, what);
  std::array<std::uint8_t, 16> id{};
  if (view.span().size() != id.size()) {
    throw MismatchError(what + ": " + std::to_string(view.span().size()) + " bytes, expected " +
                        std::to_string(id.size()));
  }
  std::copy(view.span().begin(), view.span().end(), id.begin());
  return id;
}

std::vector<std::vector<float>> rows_of(const FloatArray& array, std::size_t size, const std::string& what) {
  return copied_rows<float>(array, size, what);
}

std::vector<std::vector<double>> rows_of(const DoubleArray& array, std::size_t size, const std::string& what) {
  return copied_rows<double>(array, size, what);
}

py::array_t<double> to_array(const std::vector<std::vector<double>>& rows, std::size_t size) {
  return stacked(rows, size);
}

py::array_t<float> to_array(const std::vector<std::vector<float>>& rows, std::size_t size) {
  return stacked(rows, size);
}

py::array_t<double> to_array(std::span<const double> values) {
  return py::array_t<double>(static_cast<py::ssize_t>(values.size()), values.data());
}

}  // namespace obscura::python
