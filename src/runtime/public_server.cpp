#include <utility>

#include "message/client_wire.h"
#include "obscura/server.h"
#include "program/program_wire.h"
#include "runtime/server.h"

namespace obscura {

struct Server::State {
  runtime::Server inner;
};

Server::Server(BytesView program, const ServerLimits& limits)
    : state_(new State{runtime::Server(program::read_program(program),
                                       {limits.threads, limits.matrix_memory, limits.key_memory})}) {}
Server::Server(Server&&) noexcept = default;
Server& Server::operator=(Server&&) noexcept = default;
Server::~Server() = default;

Bytes Server::client_spec() const {
  return message::write_client_spec(state_->inner.client());
}

KeyId Server::add_keys(BytesView evaluation_keys) {
  return state_->inner.add_keys(evaluation_keys);
}

bool Server::has_keys(const KeyId& owner) const {
  return state_->inner.has_keys(owner);
}

void Server::forget(const KeyId& owner) {
  state_->inner.forget(owner);
}

Bytes Server::answer(const KeyId& owner, BytesView bytes, const std::stop_token& stop) {
  auto query = message::read_query(*state_->inner.context(), state_->inner.client().program, bytes);
  message::check_keys(query, owner);
  return message::write_answer(*state_->inner.context(), state_->inner.answer(std::move(query), stop));
}

}  // namespace obscura
