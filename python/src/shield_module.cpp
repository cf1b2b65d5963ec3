#include <pybind11/pybind11.h>

#include "shield_binding.h"
#include "support/errors.h"

PYBIND11_MODULE(_shield, module) {
  module.doc() = "Learnable transforms of pictures: obscurity, not security. Use obscura.shield.";
  obscura::python::register_errors();
  obscura::python::bind_shield(module);
}
