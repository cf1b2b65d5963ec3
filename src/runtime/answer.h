#pragma once

#include <memory>
#include <vector>

#include "ckks/keys.h"
#include "message/messages.h"
#include "runtime/runner.h"

namespace obscura::runtime {

/// Seeds grown back into ciphertexts, in the order of the query, whose own copies are given away; chunks and plain
/// values go with them.
Runner::Inputs expand(const ckks::Context& context, message::Query& query, ThreadPool* pool = nullptr);

/// A query of a program in, its answer out. Throws MismatchError for a query under another key than the evaluation keys
/// belong to, and as Runner::run.
message::Answer answer_query(const Runner& runner, const std::shared_ptr<const ckks::EvaluationKeys>& keys,
                             message::Query query, const RunOptions& options = {});

/// Whether every key that is asked for is there, at its level.
bool has_all(const ckks::EvaluationKeys& keys, const ckks::KeyRequest& request);

}  // namespace obscura::runtime
