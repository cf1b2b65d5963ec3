#pragma once

#include <pybind11/pybind11.h>

#include <string>

#include "compile/compile.h"
#include "study/policy.h"
#include "study/preprocessing.h"

/// Keyword arguments of obscura.compiler, by their names there, as the requests of src/study.
namespace obscura::python {

/// Reads a dict of arguments; an entry that is None, or is not there, was not given. Throws MismatchError that names an
/// argument of another type.
class RequestValues {
 public:
  explicit RequestValues(pybind11::dict values) : values_(std::move(values)) {}

  /// Leaves `out` as it is where nothing was given.
  template <typename Value>
  void into(const char* name, Value& out) const {
    if (!values_.contains(name) || values_[name].is_none()) return;
    try {
      out = pybind11::cast<Value>(values_[name]);
    } catch (const pybind11::cast_error&) {
      refuse(name);
    }
  }
  bool has(const char* name) const { return values_.contains(name) && !values_[name].is_none(); }

 private:
  [[noreturn]] void refuse(const char* name) const;
  pybind11::dict values_;
};

study::StatedPreprocessing stated_of(const RequestValues& values);
study::PolicyWishes policy_of(const RequestValues& values);
/// From precision_bits, or `usual` where they are not given. Throws UsageError for bits that cannot be.
double relative_error_of(const RequestValues& values, double usual);
/// Throws UsageError for a mode that is none.
message::Mode mode_of(const RequestValues& values);

}  // namespace obscura::python
