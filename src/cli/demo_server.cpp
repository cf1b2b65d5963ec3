#include "cli/demo_server.h"

#include <utility>
#include <vector>

#include "base/error.h"
#include "cli/support.h"
#include "runtime/answer.h"

namespace obscura::cli {

DemoServer::DemoServer(compile::Program program, ThreadPool& pool)
    : runner_(runtime::make_runner(std::move(program), &pool)), pool_(&pool) {}

void DemoServer::take_keys(ckks::ByteSpan bytes) {
  const auto file = ckks::read_evaluation_keys(bytes);
  keys_ = std::make_shared<const ckks::EvaluationKeys>(*runner_->context(), file.keys, pool_);
}

DemoServer::Reply DemoServer::answer(ckks::ByteSpan bytes) const {
  if (!keys_) throw MismatchError("the server has no evaluation keys yet");
  const ckks::Context& context = *runner_->context();
  Reply reply;
  const Stopwatch expanding;
  runtime::Query query = runtime::read_query(context, runner_->program().client.program, bytes);
  runtime::check_keys(query, keys_->key());
  const auto ciphertexts = runtime::expand(context, query, pool_);
  reply.expand_seconds = expanding.seconds();
  const Stopwatch evaluating;
  const auto answer = runtime::answer_to(query, runner_->run(keys_, ciphertexts, pool_));
  reply.evaluate_seconds = evaluating.seconds();
  reply.answer = runtime::write_answer(context, answer);
  return reply;
}

}  // namespace obscura::cli
