#pragma once

#include "audit/security/attack.h"

namespace obscura::security {

/// Attacks that tell b from random by short vectors of the dual lattice. Both expect a checked instance in its normal
/// form and take less than half a second. What they assume of those vectors has been doubted (Ducas, Pulles, CRYPTO
/// 2023): they may be harder than this says, never easier.

/// The dual attack with a small secret (Micciancio, Regev 2009; Albrecht, EUROCRYPT 2017; noise as by Espitau, Joux,
/// Kharchenko, INDOCRYPT 2020).
Estimate dual(const Lwe& lwe, Model model);

/// Guessing `guessed` coefficients and finding `fourier` others modulo a small number by one transform (Guo, Johansson,
/// ASIACRYPT 2021; MATZOV 2022, theorem 7.6).
Estimate dual_hybrid(const Lwe& lwe, Model model);

}  // namespace obscura::security
