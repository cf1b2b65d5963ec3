#pragma once

#include "audit/security/attack.h"

namespace obscura::security {

/// Attacks that look for secret and error in the lattice of Bai and Galbraith (ACISP 2014), where the secret is scaled
/// to the width of the error. Bases are as the geometric series assumption says. All of them expect a checked instance
/// in its normal form, take milliseconds (hybrids: half a second), and are pure functions.

/// A block finds the vector once its projection is shorter than what a random lattice has: sqrt(b) sigma <= b*_(d-b)
/// (Alkim, Ducas, Poeppelmann, Schwabe 2016; confirmed by Albrecht, Goepfert, Virdia, Wunderer, ASIACRYPT 2017).
Estimate usvp(const Lwe& lwe, Model model);

/// Reduction by smaller blocks, and one search for a closest vector in the last `last` dimensions (Liu, Nguyen, CT-RSA
/// 2013).
Estimate bdd(const Lwe& lwe, Model model);

/// bdd over the coefficients that are left when `guessed` are taken for zeros, or for few others, as often as it takes
/// to be right (Albrecht, Curtis, Wunderer, SAC 2019). With `middle`, a meet in the middle with Babai's nearest plane
/// (Howgrave-Graham, CRYPTO 2007), whose chance is that of Son and Cheon, 2019/1019. Only for ternary and sparse
/// secrets: for others it is bdd.
Estimate hybrid(const Lwe& lwe, Model model, bool middle);

}  // namespace obscura::security
