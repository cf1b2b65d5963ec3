#pragma once

#include <pybind11/pybind11.h>

/// From networks to programs, and what a program would answer.
namespace obscura::python {

/// Adds compile, report and the class Simulator to the module.
void bind_compile(pybind11::module_& module);
/// Adds evaluate.
void bind_evaluate(pybind11::module_& module);

}  // namespace obscura::python
