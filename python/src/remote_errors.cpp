#include "remote/remote_error.h"
#include "remote_binding.h"
#include "support/errors.h"
#include "support/study_call.h"

namespace py = pybind11;

namespace obscura::python {

void register_remote_errors() {
  py::register_local_exception_translator([](std::exception_ptr thrown) {
    if (!thrown) return;
    try {
      std::rethrow_exception(std::move(thrown));
    } catch (const remote::RemoteError& e) {
      py::dict details;
      for (const auto& [name, value] : e.details()) details[to_str(name)] = to_str(value);
      const auto wait = e.retry_after_ms();
      const py::object retry = wait ? py::object(py::float_(*wait / 1000.0)) : py::none();
      const py::object raised =
          error_class("RemoteError")(to_str(e.what()), to_str(e.code()), e.status(), details, retry);
      PyErr_SetObject(py::type::handle_of(raised).ptr(), raised.ptr());
    }
  });
}

}  // namespace obscura::python
