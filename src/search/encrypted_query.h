#pragma once

#include <span>
#include <vector>

#include "base/parallel.h"
#include "ckks/evaluator.h"
#include "search/encrypted_plan.h"

namespace obscura::search {

/// The ciphertexts of the numbers of a query, plan.dimension constants, from the plan.pieces() that were sent: a key
/// switch each, less one a piece. The scale stays. Throws MismatchError for a query of another plan, and for keys that
/// are not there.
std::vector<ckks::Ciphertext> expand_query(const EncryptedScorePlan& plan,
                                           std::span<const ckks::SeededCiphertext> query,
                                           const ckks::Evaluator& evaluator, ThreadPool& pool);

}  // namespace obscura::search
