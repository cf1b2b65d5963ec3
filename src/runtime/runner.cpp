#include "runtime/runner.h"

#include "base/error.h"
#include "message/messages.h"
#include "runtime/batched_runner.h"
#include "runtime/packed_runner.h"

namespace obscura::runtime {

Runner::Runner(program::Program program)
    : program_(std::move(program)), context_(ckks::Context::create(program_.client.parameters)), encoder_(context_) {}

void Runner::check_query(const Inputs& query) const {
  const auto& client = program_.client;
  message::check_contents(client, {query.ciphertexts.size(), query.chunks, query.plain.size()});
  for (const auto& x : query.ciphertexts) {
    check_ciphertext(*context_, x);
    if (x.limbs() != client.input_limbs || x.parts.size() != 2 || !ckks::same_scale(x.scale, client.input_scale)) {
      throw MismatchError("the query was encrypted for another level or scale than the network " + client.network +
                          " was compiled for");
    }
  }
}

ckks::CompactCiphertext Runner::reply(const ckks::Ciphertext& result) const {
  return ckks::compact(*context_, result, program_.client.reply_gap, program_.client.reply_bits);
}

Runner::Replies Runner::run(const std::shared_ptr<const ckks::EvaluationKeys>& keys, const Inputs& query,
                            const RunOptions& options) const {
  return std::move(run_many(keys, std::span(&query, 1), options).front());
}

std::unique_ptr<Runner> make_runner(program::Program program, ThreadPool* pool, std::size_t memory_budget) {
  if (program.client.mode == message::Mode::packed) {
    return std::make_unique<PackedRunner>(std::move(program), memory_budget, pool);
  }
  return std::make_unique<BatchedRunner>(std::move(program));
}

}  // namespace obscura::runtime
