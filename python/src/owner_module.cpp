#include <pybind11/pybind11.h>

#include "base/version.h"
#include "owner_binding.h"
#include "spec_binding.h"
#include "support/errors.h"

PYBIND11_MODULE(_owner, module) {
  module.doc() = "The owner's side: keys, queries, answers. Use obscura.owner.";
  obscura::python::register_errors();
  module.attr("version") = obscura::kVersion;
  obscura::python::bind_spec(module);
  obscura::python::bind_owner(module);
}
