#pragma once

#include <pybind11/pybind11.h>

/// Figures of audits (study/audit), for Python: the text of the command line's --json.
namespace obscura::python {

/// Adds params, randomness, images, noise and report to the module.
void bind_audit(pybind11::module_& module);

}  // namespace obscura::python
