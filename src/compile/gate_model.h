#pragma once

#include <cstddef>
#include <vector>

#include "circuits/polynomial.h"
#include "ckks/context.h"
#include "program/schedule.h"
#include "program/stage.h"

/// What gated activations, x p_k(... p_1(x)), do to errors and what they cost.
namespace obscura::compile {

/// The largest sizes, for x in [-most, most], of what errors come out as: the first of an error of x, the others of one
/// of what p_1, ..., p_k make. A composite sign is steep where x is small, and x stands before it: all are some units.
std::vector<double> gate_slopes(const program::Stage& stage, double most);

/// Relinearisations that the polynomials take, by the plan that runs (circuits/polynomial_plan.h), and the product's.
std::size_t gate_products(const std::vector<std::vector<double>>& polynomials, circuits::Basis basis);

/// Microseconds of one ciphertext, each relinearisation at the middle of its polynomial's levels.
double gate_cost(const program::Stage& stage, const ckks::Context& context, const program::StageSchedule& schedule);

}  // namespace obscura::compile
