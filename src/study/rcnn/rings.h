#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>

namespace obscura::study {

/// The rings that pictures and vectors are encrypted in, and what the RCNN_CKKS paper's moduli would need:
/// {rings, smallest_ring, smallest_ring_bits, ring_for_modulus, ring_for_large_modulus}. `rings`: {what, log_n, log_q,
/// log_qp, security_bits} of mode trusted (study/search/trusted.h) and of encrypted scores of 600 bits and of 64
/// numbers (search/score_plan.h). `smallest_ring`: the smallest degree of the security table (ckks/parameters.h), and
/// its modulus for 128 bits; `ring_for_...`: the smallest degree whose modulus may be as large as the paper's.
nlohmann::ordered_json rings_json();

/// The smallest degree of the security table that allows so many bits of modulus at 128-bit security. Throws
/// ParameterError where none does.
std::size_t ring_for(int modulus_bits);

}  // namespace obscura::study
