#include "request_values.h"

#include <pybind11/stl.h>

#include "base/error.h"

namespace py = pybind11;

namespace obscura::python {

void RequestValues::refuse(const char* name) const {
  const py::object value = values_[name];
  const std::string type = py::str(py::type::of(value).attr("__name__"));
  throw MismatchError(std::string(name) + " is " + std::string(py::repr(value)) + ", a " + type +
                      ", which it cannot be");
}

study::StatedPreprocessing stated_of(const RequestValues& values) {
  study::StatedPreprocessing stated;
  values.into("mean", stated.mean);
  values.into("std", stated.std);
  values.into("range", stated.range);
  values.into("colour", stated.colour);
  values.into("classes", stated.classes);
  values.into("histogram", stated.histogram);
  values.into("picture", stated.picture);
  return stated;
}

study::PolicyWishes policy_of(const RequestValues& values) {
  study::PolicyWishes wishes;
  double threshold = 0;
  std::size_t hidden = 0;
  values.into("policy", wishes.policy);
  values.into("score", wishes.score);
  values.into("threshold", threshold);
  values.into("hidden_chunks", hidden);
  if (values.has("threshold")) wishes.threshold = threshold;
  if (values.has("hidden_chunks")) wishes.hidden_chunks = hidden;
  return wishes;
}

double relative_error_of(const RequestValues& values, double usual) {
  if (!values.has("precision_bits")) return usual;
  double bits = 0;
  values.into("precision_bits", bits);
  return compile::relative_error_of(bits);
}

message::Mode mode_of(const RequestValues& values) {
  std::string mode = "packed";
  values.into("mode", mode);
  if (mode == "packed") return message::Mode::packed;
  if (mode == "batched") return message::Mode::batched;
  throw UsageError("mode is '" + mode + "', expected packed or batched");
}

}  // namespace obscura::python
