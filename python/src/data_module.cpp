// Data sets as arrays, and what ships with the project.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>
#include <pybind11/stl/filesystem.h>

#include <string>

#include "base/error.h"
#include "image/dataset.h"
#include "image/digits.h"
#include "study/images/labelled_images.h"
#include "study/shipped.h"
#include "support/errors.h"
#include "support/study_call.h"

namespace py = pybind11;
namespace fs = std::filesystem;

namespace obscura::python {
namespace {

/// (images (count, height, width, channels), labels (count,), class names)
py::tuple arrays_of(const image::Dataset& set) {
  py::array_t<std::uint8_t> images(std::vector<std::size_t>{set.count, set.height, set.width, set.channels});
  std::uint8_t* to = images.mutable_data();
  const std::size_t plane = set.height * set.width;
  for (std::size_t n = 0; n < set.count; ++n) {
    const auto planar = set.pixels(n);
    for (std::size_t i = 0; i < plane; ++i) {
      for (std::size_t c = 0; c < set.channels; ++c) *to++ = planar[c * plane + i];
    }
  }
  const py::array_t<std::int64_t> labels(static_cast<py::ssize_t>(set.count), set.labels.data());
  py::list classes;
  for (const auto& name : set.classes) classes.append(to_str(name));
  return py::make_tuple(images, labels, py::tuple(classes));
}

py::tuple load(const std::string& name, const std::string& split, const fs::path& folder, std::size_t limit,
               const py::object& note) {
  const auto set = study_call({py::none(), note}, [&](const Notes& hear) {
    return study::load_noted(name, image::parse_split(split), folder, hear, limit);
  });
  return arrays_of(set);
}

py::tuple drawn_digits(std::size_t count, std::uint64_t seed) {
  constexpr std::size_t kMost = 1'000'000;
  if (count == 0 || count > kMost) {
    throw UsageError("count is " + std::to_string(count) + ", expected 1 to " + std::to_string(kMost));
  }
  return arrays_of(study_call({}, [&](const Notes&) { return image::draw_digit_set(count, seed); }));
}

}  // namespace
}  // namespace obscura::python

PYBIND11_MODULE(_data, module) {
  using namespace obscura;
  python::register_errors();
  module.doc() = "Data sets as arrays. Use obscura.data.";
  module.def("names", &image::dataset_names);
  module.def("load", &python::load, py::arg("name"), py::arg("split"), py::arg("folder"), py::arg("limit"),
             py::arg("note"));
  module.def("drawn_digits", &python::drawn_digits, py::arg("count"), py::arg("seed"));
  module.def("shipped", &study::shipped, py::arg("name"));
}
