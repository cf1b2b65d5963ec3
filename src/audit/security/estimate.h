#pragma once

#include <vector>

#include "audit/security/attack.h"

namespace obscura::security {

/// Every attack in every one of `models`, attacks in their order and within them models. Attacks that guess zeros are
/// tried on sparse secrets alone: on others they are no better than bdd. Takes 0.05 s a model, 0.5 s for sparse
/// secrets. Throws ParameterError for what check() refuses. Thread-safe.
std::vector<Estimate> estimates(const Lwe& lwe, const std::vector<Model>& models = all_models());

/// The cheapest in that model. Throws UsageError if there is none.
const Estimate& weakest(const std::vector<Estimate>& estimates, Model model);

/// What the cheapest attack on `lwe` costs in the model that the 2024 tables agree with (`matzov`): the one number.
double security_bits(const Lwe& lwe);

}  // namespace obscura::security
