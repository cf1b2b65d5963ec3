#pragma once

#include <pybind11/pybind11.h>

/// The server's side for Python: programs on ciphertexts, and no way to decrypt.
namespace obscura::python {

/// Adds the class Server to the module.
void bind_server(pybind11::module_& module);

}  // namespace obscura::python
