#include "audit/security/estimate.h"

#include "audit/security/dual.h"
#include "audit/security/primal.h"
#include "base/error.h"

namespace obscura::security {

std::vector<Estimate> estimates(const Lwe& lwe, const std::vector<Model>& models) {
  check(lwe);
  const Lwe normal = normal_form(lwe);
  const bool sparse = normal.secret.kind == Secret::Kind::sparse;
  std::vector<Estimate> found;
  const auto in_all_models = [&](auto&& attack) {
    for (const Model model : models) found.push_back(attack(model));
  };
  in_all_models([&](Model model) { return usvp(normal, model); });
  in_all_models([&](Model model) { return bdd(normal, model); });
  if (sparse) {
    in_all_models([&](Model model) { return hybrid(normal, model, false); });
    in_all_models([&](Model model) { return hybrid(normal, model, true); });
  }
  in_all_models([&](Model model) { return dual(normal, model); });
  in_all_models([&](Model model) { return dual_hybrid(normal, model); });
  return found;
}

const Estimate& weakest(const std::vector<Estimate>& estimates, Model model) {
  const Estimate* least = nullptr;
  for (const Estimate& estimate : estimates) {
    if (estimate.model == model && (least == nullptr || estimate.bits < least->bits)) least = &estimate;
  }
  if (least == nullptr) throw UsageError("no attack was estimated in the model " + to_string(model));
  return *least;
}

double security_bits(const Lwe& lwe) {
  return weakest(estimates(lwe, {Model::matzov}), Model::matzov).bits;
}

}  // namespace obscura::security
