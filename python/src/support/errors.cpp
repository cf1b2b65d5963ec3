#include "support/errors.h"

#include "base/error.h"

namespace py = pybind11;

namespace obscura::python {
namespace {

void raise(const char* name, const Error& error) {
  PyErr_SetString(error_class(name).ptr(), error.what());
}

/// Leaves what is none of ours to those that were registered before.
void translate(std::exception_ptr thrown) {
  if (!thrown) return;
  try {
    std::rethrow_exception(std::move(thrown));
  } catch (const ParameterError& e) {
    raise("ParameterError", e);
  } catch (const MismatchError& e) {
    raise("MismatchError", e);
  } catch (const FormatError& e) {
    raise("FormatError", e);
  } catch (const UnsupportedError& e) {
    raise("UnsupportedError", e);
  } catch (const CancelledError& e) {
    raise("CancelledError", e);
  } catch (const IoError& e) {
    raise("IoError", e);
  } catch (const UsageError& e) {
    raise("UsageError", e);
  } catch (const Error& e) {
    raise("Error", e);
  }
}

}  // namespace

py::object error_class(const char* name) {
  return py::module_::import("obscura.errors").attr(name);
}

void register_errors() {
  py::register_local_exception_translator(translate);
}

}  // namespace obscura::python
