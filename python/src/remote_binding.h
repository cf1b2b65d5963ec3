#pragma once

#include <pybind11/pybind11.h>

/// The owner's client of a service (remote/remote.h), for Python: bytes in, bytes out.
namespace obscura::python {

/// Adds the class Remote to the module.
void bind_remote(pybind11::module_& module);

/// What the client throws becomes obscura.errors.RemoteError. To be called after register_errors().
void register_remote_errors();

}  // namespace obscura::python
