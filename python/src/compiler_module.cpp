#include <pybind11/pybind11.h>

#include "base/version.h"
#include "compile_binding.h"
#include "network_binding.h"
#include "spec_binding.h"
#include "support/errors.h"

PYBIND11_MODULE(_compiler, module) {
  module.doc() = "From ONNX files to programs, simulations and evaluations. Use obscura.compiler.";
  obscura::python::register_errors();
  module.attr("version") = obscura::kVersion;
  obscura::python::bind_spec(module);
  obscura::python::bind_network(module);
  obscura::python::bind_compile(module);
  obscura::python::bind_evaluate(module);
}
