#pragma once

#include <pybind11/pybind11.h>

/// The owner's side for Python: obscura::Owner, and nothing of a server.
namespace obscura::python {

/// Adds the class Owner to the module.
void bind_owner(pybind11::module_& module);

}  // namespace obscura::python
