#pragma once

#include <pybind11/pybind11.h>

/// Galleries of pictures, and searches in them with both sides in this process (study/search), for Python.
namespace obscura::python {

/// Adds the functions that obscura/search.py calls.
void bind_search(pybind11::module_& module);

}  // namespace obscura::python
