#include "runtime/answer.h"

#include <utility>

#include "base/error.h"
#include "base/share.h"

namespace obscura::runtime {

Runner::Inputs expand(const ckks::Context& context, message::Query& query, ThreadPool* pool) {
  std::vector<ckks::Ciphertext> expanded(query.ciphertexts.size());
  share(pool, expanded.size(),
        [&](std::size_t i) { expanded[i] = ckks::expand(context, std::move(query.ciphertexts[i])); });
  query.ciphertexts.clear();
  Runner::Inputs inputs(std::move(expanded));
  inputs.chunks = std::move(query.chunks);
  inputs.plain = std::move(query.plain);
  return inputs;
}

message::Answer answer_query(const Runner& runner, const std::shared_ptr<const ckks::EvaluationKeys>& keys,
                             message::Query query, const RunOptions& options) {
  message::check_keys(query, keys->key());
  // Before anything is grown.
  message::check_contents(runner.program().client, {query.ciphertexts.size(), query.chunks, query.plain.size()});
  const auto inputs = expand(*runner.context(), query, options.pool);
  return message::answer_to(query, runner.run(keys, inputs, options));
}

bool has_all(const ckks::EvaluationKeys& keys, const ckks::KeyRequest& request) {
  try {
    if (request.relin_limbs != 0) keys.relin(request.relin_limbs);
    for (const auto& [element, limbs] : request.galois) keys.galois(element, limbs);
    return true;
  } catch (const MismatchError&) {
    return false;
  }
}

}  // namespace obscura::runtime
