#pragma once

#include <pybind11/pybind11.h>

/// Keyed transforms that a network can learn from (shield/shield.h), for Python.
namespace obscura::python {

/// Adds the classes Key and Shield and what there is to choose.
void bind_shield(pybind11::module_& module);

}  // namespace obscura::python
