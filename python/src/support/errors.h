#pragma once

#include <pybind11/pybind11.h>

/// obscura::Error and its children as the classes of the same names in obscura/errors.py, with the same one line.
namespace obscura::python {

/// To be called once by every extension module: what its functions throw becomes exceptions of obscura.errors.
void register_errors();

/// Raises the class of obscura.errors of that name. For children of Error that a module has of its own: throw it after
/// filling in attributes with `error_class`.
pybind11::object error_class(const char* name);

}  // namespace obscura::python
