#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <optional>

#include "base/error.h"
#include "base/version.h"
#include "ckks/public_encryptor.h"
#include "ckks_parameters_binding.h"
#include "ckks_vector.h"
#include "support/arrays.h"
#include "support/errors.h"
#include "support/long_call.h"

namespace py = pybind11;

namespace obscura::python {
namespace {

std::vector<double> numbers_of(const DoubleArray& array, const char* what) {
  if (array.ndim() != 1) throw MismatchError(std::string(what) + ": expected an array of one axis");
  return {array.data(), array.data() + array.size()};
}

/// With the interpreter's lock given back.
template <typename Work>
auto unlocked(Work&& work) {
  const py::gil_scoped_release released;
  return work();
}

std::unique_ptr<Arithmetic> make(const py::object& parameters, const py::object& keys) {
  if (keys.is_none()) {
    const auto context = context_of(parameters);
    return unlocked([&] { return std::make_unique<Arithmetic>(context); });
  }
  const ByteView file(keys, "evaluation keys");
  auto made = long_call({}, [&](Speaker& /*speaker*/) { return std::make_unique<Arithmetic>(file.span()); });
  if (!parameters.is_none()) {
    ckks::require_context(*made->context(), ckks::digest_of(ckks::read_parameters(ByteView(parameters, "parameters"))),
                          "set of parameters");
  }
  return made;
}

Vector encrypt(const Arithmetic& self, const py::object& public_key, const DoubleArray& array) {
  const ByteView file(public_key, "public key");
  const auto values = numbers_of(array, "values");
  return unlocked([&] {
    const auto key = ckks::read_public_key(file);
    const ckks::PublicEncryptor encryptor(self.context(), key.key);
    const std::size_t limbs = self.context()->max_limbs();
    const ckks::Encoder encoder(self.context());
    const auto plain = encoder.encode(std::span(values), scale_ladder(*self.context())[limbs], limbs);
    return Vector{encryptor.encrypt(plain), values.size(), true};
  });
}

void bind_arithmetic(py::module_& module) {
  using A = Arithmetic;
  py::class_<A>(module, "Arithmetic", "What computes on encrypted vectors. Made by obscura.ckks.Context.")
      .def(py::init(&make), py::arg("parameters"), py::arg("keys") = py::none())
      .def_property_readonly("slots", &A::slots)
      .def_property_readonly("has_keys", &A::has_keys)
      .def_property_readonly(
          "parameters", [](const A& self) { return to_bytes(ckks::write_parameters(self.context()->parameters())); })
      .def(
          "read",
          [](const A& self, const py::object& bytes, std::size_t size) {
            const ByteView view(bytes, "ciphertext");
            return unlocked([&] { return self.read(view, size); });
          },
          py::arg("ciphertext"), py::arg("size") = 0)
      .def(
          "write", [](const A& self, const Vector& a) { return to_bytes(unlocked([&] { return self.write(a); })); },
          py::arg("a"))
      .def("encrypt", &encrypt, py::arg("public_key"), py::arg("values"))
      .def(
          "add",
          [](const A& self, const Vector& a, const Vector& b) { return unlocked([&] { return self.add(a, b); }); },
          py::arg("a"), py::arg("b"))
      .def(
          "sub",
          [](const A& self, const Vector& a, const Vector& b) { return unlocked([&] { return self.sub(a, b); }); },
          py::arg("a"), py::arg("b"))
      .def(
          "negate", [](const A& self, const Vector& a) { return unlocked([&] { return self.negate(a); }); },
          py::arg("a"))
      .def(
          "multiply",
          [](const A& self, const Vector& a, const Vector& b) { return unlocked([&] { return self.multiply(a, b); }); },
          py::arg("a"), py::arg("b"))
      .def(
          "add_plain",
          [](const A& self, const Vector& a, const DoubleArray& b) {
            const auto values = numbers_of(b, "values");
            return unlocked([&] { return self.add(a, values); });
          },
          py::arg("a"), py::arg("values"))
      .def(
          "multiply_plain",
          [](const A& self, const Vector& a, const DoubleArray& b) {
            const auto values = numbers_of(b, "values");
            return unlocked([&] { return self.multiply(a, values); });
          },
          py::arg("a"), py::arg("values"))
      .def(
          "multiply_integer",
          [](const A& self, const Vector& a, std::int64_t factor) {
            return unlocked([&] { return self.multiply(a, factor); });
          },
          py::arg("a"), py::arg("factor"))
      .def(
          "rotate",
          [](const A& self, const Vector& a, std::int64_t steps) {
            return unlocked([&] { return self.rotate(a, steps); });
          },
          py::arg("a"), py::arg("steps"))
      .def(
          "sum", [](const A& self, const Vector& a) { return unlocked([&] { return self.sum(a); }); }, py::arg("a"))
      .def(
          "times_matrix",
          [](const A& self, const Vector& a, const DoubleArray& matrix) {
            if (matrix.ndim() != 2) throw MismatchError("matrix: expected an array of two axes");
            const std::span values(matrix.data(), static_cast<std::size_t>(matrix.size()));
            const auto columns = static_cast<std::size_t>(matrix.shape(1));
            return unlocked([&] { return self.times_matrix(a, values, columns); });
          },
          py::arg("a"), py::arg("matrix"))
      .def(
          "polynomial",
          [](const A& self, const Vector& a, const DoubleArray& coefficients) {
            const auto values = numbers_of(coefficients, "coefficients");
            return unlocked([&] { return self.polynomial(a, values); });
          },
          py::arg("a"), py::arg("coefficients"));
}

void bind_vector(py::module_& module) {
  py::class_<Vector>(module, "Vector", "An encrypted vector. Wrapped by obscura.ckks.Vector.")
      .def_readonly("size", &Vector::size)
      .def_property_readonly("levels", [](const Vector& self) { return self.ciphertext.limbs() - 1; })
      .def_property_readonly("scale", [](const Vector& self) { return self.ciphertext.scale; });
}

}  // namespace
}  // namespace obscura::python

PYBIND11_MODULE(_ckks, module) {
  module.doc() = "Encrypted vectors, without a way to decrypt. Use obscura.ckks.";
  obscura::python::register_errors();
  module.attr("version") = obscura::kVersion;
  obscura::python::bind_parameters(module);
  obscura::python::bind_vector(module);
  obscura::python::bind_arithmetic(module);
}
