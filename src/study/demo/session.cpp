#include "study/demo/session.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/stopwatch.h"
#include "message/messages.h"
#include "study/compile_network.h"

namespace obscura::study {
namespace {

/// From where on a query is certainly ciphertext: behind the headers and the seed that it begins with.
constexpr std::size_t kHeaders = 512;

ckks::Bytes excerpt(const ckks::Bytes& query, std::size_t count) {
  const std::size_t from = std::min(kHeaders, query.size());
  ckks::Bytes part(query.begin() + static_cast<std::ptrdiff_t>(from),
                   query.begin() + static_cast<std::ptrdiff_t>(std::min(from + count, query.size())));
  part.resize(count);
  return part;
}

double timed(const DemoStep& step, std::string_view what, const std::function<void()>& body) {
  if (step) return step(what, body);
  const Stopwatch watch;
  body();
  return watch.seconds();
}

}  // namespace

DemoSession::DemoSession(const nn::Graph& graph, message::Mode mode, ThreadPool& pool, const DemoStep& step)
    : pool_(&pool) {
  std::optional<program::Program> program;
  setup_.compile_seconds = timed(step, "compiling the network", [&] { program = compile_network(graph, mode); });
  ckks::Bytes keys;
  setup_.keygen_seconds = timed(step, "owner: secret key and evaluation keys", [&] {
    owner_ = std::make_unique<owner::Owner>(program->client);
    keys = ckks::write_evaluation_keys(*owner_->context(), owner_->evaluation_keys());
  });
  setup_.key_bytes = keys.size();
  setup_.server_seconds = timed(step, "server: reading the keys, encoding the network", [&] {
    server_ = std::make_unique<runtime::Server>(*std::move(program), runtime::ServerOptions{pool.threads()});
    server_->add_keys(keys);
  });
}

DemoExchange DemoSession::exchange(std::span<const std::vector<float>> images, const DemoStep& step) const {
  DemoExchange result;
  ckks::Bytes query;
  message::Ticket ticket;
  result.encrypt_seconds = timed(step, "owner: encrypting", [&] {
    const message::Query made = owner_->encrypt(images, pool_);
    ticket = message::ticket_of(made);
    query = message::write_query(context(), made);
  });
  result.query_bytes = query.size();
  result.seen = excerpt(query, client().input.size());

  ckks::Bytes reply;
  std::vector<runtime::StageTime> stages;
  const double served = timed(step, "server: expanding the query, running the network", [&] {
    auto read = message::read_query(*server_->context(), server_->client().program, query);
    reply = message::write_answer(*server_->context(), server_->answer(std::move(read), {}, &stages));
  });
  for (const auto& stage : stages) result.evaluate_seconds += stage.seconds;
  result.expand_seconds = served - result.evaluate_seconds;
  result.answer_bytes = reply.size();

  result.decrypt_seconds = timed(step, "owner: decrypting", [&] {
    result.logits = owner_->decrypt(message::read_answer(context(), client().program, reply), ticket, pool_);
  });
  return result;
}

}  // namespace obscura::study
