#include "runtime/answer.h"

#include <utility>

#include "base/share.h"

namespace obscura::runtime {

std::vector<ckks::Ciphertext> expand(const ckks::Context& context, message::Query& query, ThreadPool* pool) {
  std::vector<ckks::Ciphertext> expanded(query.ciphertexts.size());
  share(pool, expanded.size(),
        [&](std::size_t i) { expanded[i] = ckks::expand(context, std::move(query.ciphertexts[i])); });
  query.ciphertexts.clear();
  return expanded;
}

message::Answer answer_query(const Runner& runner, const std::shared_ptr<const ckks::EvaluationKeys>& keys,
                             message::Query query, const RunOptions& options) {
  message::check_keys(query, keys->key());
  const auto ciphertexts = expand(*runner.context(), query, options.pool);
  return message::answer_to(query, runner.run(keys, ciphertexts, options));
}

}  // namespace obscura::runtime
