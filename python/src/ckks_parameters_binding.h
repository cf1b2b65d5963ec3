#pragma once

#include <pybind11/pybind11.h>

#include <cstddef>
#include <vector>

#include "ckks/context.h"

/// What both halves of obscura.ckks agree on: parameters, and the scale that belongs to every level.
namespace obscura::python {

/// The scale of a vector with so many primes left, [1] to [max_limbs()]: 2^(bits of the last prime) at the top, and
/// below that what a product of two such values has after it was rescaled, so that sums need no adjustment. Throws
/// ParameterError for a chain on which they drift by more than a factor of two.
std::vector<double> scale_ladder(const ckks::Context& context);

/// Adds parameters(log_degree, q_bits, p_bits, digit_size, insecure) -> bytes and parameter_facts(parameters) -> dict.
void bind_parameters(pybind11::module_& module);

/// Of the bytes of a parameters file. Throws as read_parameters and Context::create.
ckks::ContextPtr context_of(const pybind11::object& parameters);

}  // namespace obscura::python
