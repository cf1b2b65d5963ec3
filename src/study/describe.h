#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "compile/compile.h"

/// Programs and their parameters in words and as JSON, alike in every result.
namespace obscura::study {

/// "packed" or "batched".
std::string mode_name(message::Mode mode);

/// {log_n, log_q, log_qp, security_bits, levels, primes, special_primes}.
nlohmann::ordered_json parameters_json(const ckks::Parameters& parameters);

/// {count, width, height, looked_at, side_by_side, policy, threshold, score}; null for a program of pictures as one.
nlohmann::ordered_json chunked_json(const message::ClientSpec& client);

}  // namespace obscura::study
