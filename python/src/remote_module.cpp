#include <pybind11/pybind11.h>

#include "remote_binding.h"
#include "support/errors.h"

PYBIND11_MODULE(_remote, module) {
  module.doc() = "The owner's client of a service. Use obscura.remote.";
  obscura::python::register_errors();
  obscura::python::register_remote_errors();
  obscura::python::bind_remote(module);
}
