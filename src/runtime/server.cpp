#include "runtime/server.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/error.h"
#include "base/file_stream.h"
#include "ckks/wire_key_file.h"

namespace obscura::runtime {
namespace {

std::string short_id(const ckks::KeyId& id) {
  return message::hex_of(id).substr(0, 8);
}

}  // namespace

Server::Server(program::Program program, const ServerOptions& options)
    : pool_(options.threads),
      runner_(make_runner(std::move(program), &pool_, options.matrix_memory)),
      key_memory_(options.key_memory) {}

ckks::KeyId Server::add_keys(ckks::ByteSpan file, std::string_view what) {
  const auto start = file.first(std::min(file.size(), ckks::kKeyIdWithin));
  if (ckks::digest_of(ckks::peek_evaluation_keys(start, what).parameters) != context()->digest()) {
    throw MismatchError(std::string(what) + " was made for another program than " + client().network);
  }
  return add_keys(
      std::make_shared<const ckks::EvaluationKeys>(ckks::read_expanded_keys(*context(), source_of(file), what, &pool_)),
      what);
}

ckks::KeyId Server::add_keys(const ckks::SeededEvaluationKeys& keys, std::string_view what) {
  return add_keys(std::make_shared<const ckks::EvaluationKeys>(*context(), keys, &pool_), what);
}

ckks::KeyId Server::add_keys(const Keys& expanded, std::string_view what) {
  check_complete(*expanded, what);
  const std::size_t bytes = expanded->memory_bytes();
  if (bytes > key_memory_) {
    throw MismatchError(std::string(what) + " takes " + std::to_string(bytes >> 20) +
                        " MB of memory; this server gives keys " + std::to_string(key_memory_ >> 20));
  }
  const std::lock_guard lock(mutex_);
  Owner& owner = owners_[expanded->key()];
  if (owner.keys) key_bytes_ -= owner.keys->memory_bytes();
  owner = {expanded, ++clock_};
  key_bytes_ += bytes;
  make_room(expanded->key());
  return expanded->key();
}

/// Every key that the program asks for, at its level: said when keys come, not at the first query.
void Server::check_complete(const ckks::EvaluationKeys& keys, std::string_view what) const {
  if (has_all(keys, client().keys)) return;
  throw MismatchError(std::string(what) + " lacks keys that " + client().network +
                      " needs: make them for this program's client.spec");
}

/// Under the mutex.
void Server::make_room(const ckks::KeyId& newest) {
  while (key_bytes_ > key_memory_) {
    auto oldest = owners_.end();
    for (auto at = owners_.begin(); at != owners_.end(); ++at) {
      if (at->first == newest) continue;
      if (oldest == owners_.end() || at->second.last_asked < oldest->second.last_asked) oldest = at;
    }
    if (oldest == owners_.end()) return;
    key_bytes_ -= oldest->second.keys->memory_bytes();
    owners_.erase(oldest);
  }
}

bool Server::has_keys(const ckks::KeyId& owner) const {
  const std::lock_guard lock(mutex_);
  return owners_.contains(owner);
}

void Server::forget(const ckks::KeyId& owner) {
  const std::lock_guard lock(mutex_);
  const auto at = owners_.find(owner);
  if (at == owners_.end()) return;
  key_bytes_ -= at->second.keys->memory_bytes();
  owners_.erase(at);
}

std::size_t Server::key_bytes() const {
  const std::lock_guard lock(mutex_);
  return key_bytes_;
}

Server::Keys Server::keys_of(const ckks::KeyId& owner) {
  const std::lock_guard lock(mutex_);
  const auto at = owners_.find(owner);
  if (at == owners_.end()) {
    throw MismatchError("no evaluation keys of owner " + short_id(owner) + " are here: send them (again)");
  }
  at->second.last_asked = ++clock_;
  return at->second.keys;
}

ckks::Bytes Server::answer(ckks::ByteSpan query, const std::stop_token& stop, std::string_view what) {
  return message::write_answer(*context(),
                               answer(message::read_query(*context(), client().program, query, what), stop));
}

message::Answer Server::answer(message::Query query, const std::stop_token& stop, std::vector<StageTime>* times) {
  const Keys keys = keys_of(query.key);
  return answer_query(*runner_, keys, std::move(query), {&pool_, times, stop});
}

}  // namespace obscura::runtime
