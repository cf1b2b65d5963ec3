#pragma once

#include <pybind11/pybind11.h>

/// Networks as their files have them, in the clear.
namespace obscura::python {

/// Adds the class Network to the module.
void bind_network(pybind11::module_& module);

}  // namespace obscura::python
