#include <pybind11/pybind11.h>

#include "search_binding.h"
#include "support/errors.h"

PYBIND11_MODULE(_search, module) {
  module.doc() = "Galleries and blind search. Use obscura.search.";
  obscura::python::register_errors();
  obscura::python::bind_search(module);
}
