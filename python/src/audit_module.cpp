#include <pybind11/pybind11.h>

#include "audit_binding.h"
#include "support/errors.h"

PYBIND11_MODULE(_audit, module) {
  module.doc() = "Figures of audits. Use obscura.audit.";
  obscura::python::register_errors();
  obscura::python::bind_audit(module);
}
