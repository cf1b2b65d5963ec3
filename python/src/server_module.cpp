#include <pybind11/pybind11.h>

#include "base/version.h"
#include "server_binding.h"
#include "spec_binding.h"
#include "support/errors.h"

PYBIND11_MODULE(_server, module) {
  module.doc() = "The server's side: programs on ciphertexts. Use obscura.server.";
  obscura::python::register_errors();
  module.attr("version") = obscura::kVersion;
  obscura::python::bind_spec(module);
  obscura::python::bind_server(module);
}
