#include "ckks_parameters_binding.h"

#include <pybind11/stl.h>

#include <cmath>

#include "base/error.h"
#include "ckks/wire.h"
#include "support/arrays.h"

namespace py = pybind11;

namespace obscura::python {
namespace {

py::bytes make_parameters(int log_degree, const std::vector<int>& q_bits, const std::vector<int>& p_bits,
                          std::size_t digit_size, bool insecure) {
  ckks::Parameters parameters = ckks::make_parameters(log_degree, q_bits, p_bits, digit_size);
  parameters.insecure = insecure;
  scale_ladder(*ckks::Context::create(parameters));
  return to_bytes(ckks::write_parameters(parameters));
}

py::tuple bits_of(const std::vector<std::uint64_t>& primes) {
  py::tuple out(primes.size());
  for (std::size_t i = 0; i < primes.size(); ++i) out[i] = static_cast<int>(std::log2(primes[i])) + 1;
  return out;
}

py::dict parameter_facts(const py::object& bytes) {
  const auto parameters = ckks::read_parameters(ByteView(bytes, "parameters"));
  const double log_qp = ckks::log2_product(parameters.q) + ckks::log2_product(parameters.p);
  py::dict facts;
  facts["text"] = ckks::describe(parameters);
  facts["log_degree"] = parameters.log_degree;
  facts["q_bits"] = bits_of(parameters.q);
  facts["p_bits"] = bits_of(parameters.p);
  facts["digit_size"] = parameters.digit_size;
  facts["insecure"] = parameters.insecure;
  facts["log_qp"] = log_qp;
  facts["security_bits"] = ckks::estimate_security_bits(parameters.log_degree, log_qp);
  return facts;
}

}  // namespace

std::vector<double> scale_ladder(const ckks::Context& context) {
  const std::size_t top = context.max_limbs();
  const auto prime = [&](std::size_t i) { return static_cast<double>(context.q(i).value()); };
  std::vector<double> scales(top + 1);
  const double first = std::exp2(std::ceil(std::log2(prime(top - 1))));
  scales[top] = first;
  for (std::size_t limbs = top; limbs > 1; --limbs) {
    scales[limbs - 1] = scales[limbs] * scales[limbs] / prime(limbs - 1);
    if (scales[limbs - 1] < first / 2 || scales[limbs - 1] > first * 2) {
      throw ParameterError("the scales of a chain of " + std::to_string(top) +
                           " primes drift apart: give all primes but the first the same bits, and fewer of them");
    }
  }
  return scales;
}

ckks::ContextPtr context_of(const py::object& parameters) {
  const ByteView bytes(parameters, "parameters");
  const py::gil_scoped_release unlocked;
  return ckks::Context::create(ckks::read_parameters(bytes));
}

void bind_parameters(py::module_& module) {
  module.def("parameters", &make_parameters, py::arg("log_degree"), py::arg("q_bits"), py::arg("p_bits"),
             py::arg("digit_size") = 1, py::arg("insecure") = false);
  module.def("parameter_facts", &parameter_facts, py::arg("parameters"));
}

}  // namespace obscura::python
