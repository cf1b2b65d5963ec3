#pragma once

#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/file.h"
#include "compile/compile.h"
#include "message/client_wire.h"
#include "owner/owner.h"
#include "program/program_wire.h"
#include "runtime/session.h"
#include "serve/keys/upload.h"
#include "serve/service_options.h"
#include "serve/state/tokens.h"
#include "support/temporary.h"

namespace obscura::serve::testing {

/// Waits for what a call with a `done` tells: the value, or the Failure thrown.
template <typename T, typename Call>
T result_of(Call call) {
  const auto promise = std::make_shared<std::promise<Outcome<T>>>();
  call([promise](Outcome<T> outcome) { promise->set_value(std::move(outcome)); });
  auto outcome = promise->get_future().get();
  if (!outcome.ok()) throw outcome.failure();
  return std::move(outcome.value());
}

/// The code that a call fails with; "ok" where it does not.
template <typename Call>
std::string code_of(Call call) {
  try {
    call();
    return "ok";
  } catch (const Failure& failure) {
    return std::string(name_of(failure.code()));
  }
}

inline nn::Graph small_graph(std::uint64_t seed = 1) {
  return networks::dense(seed, {1, 8, 8}, 6, 3);
}

/// A folder with programs, and the state of a service.
class Place {
 public:
  Place() { add("small", 1); }
  void add(const std::string& name, std::uint64_t seed, message::Mode mode = message::Mode::packed) {
    const auto program = compile::compile(small_graph(seed), runtime::testing::Session::options_of(mode));
    std::filesystem::create_directories(models() / name);
    write_file(models() / name / "server.program", program::write_program(program));
  }
  std::filesystem::path models() const { return folder_ / "models"; }
  std::filesystem::path state() const { return folder_ / "state"; }
  Service::Options options() const {
    Service::Options options;
    options.models = models(), options.state = state(), options.threads = 2;
    return options;
  }
  Credentials token(const std::string& tenant, Scopes scopes = kUserScopes, std::int64_t expires = 0) const {
    return {Tokens(state()).create(tenant, scopes, expires), true, true, "127.0.0.1"};
  }
  const TemporaryFolder& folder() const { return folder_; }

 private:
  TemporaryFolder folder_;
};

/// Somebody with a secret key for a model, who knows of it what a service tells.
struct Customer {
  Customer(Service& service, const std::string& model)
      : owner(message::read_client_spec(service.client_spec(service.model(model, "").spec_hash))),
        keys(ckks::write_evaluation_keys(*owner.context(), owner.evaluation_keys())),
        hash(hash_text(keys)) {}

  Bytes query(std::uint64_t seed) {
    const auto made = owner.encrypt(networks::images(1, 64, seed));
    ticket = message::ticket_of(made);
    return message::write_query(*owner.context(), made);
  }
  std::vector<double> read(const Bytes& answer) const {
    return owner.decrypt(message::read_answer(*owner.context(), owner.client().program, answer), ticket).front();
  }

  owner::Owner owner;
  Bytes keys;
  std::string hash;
  message::Ticket ticket;
};

inline KeyStatus put(Service& service, const Identity& who, const std::string& hash, const Bytes& keys,
                     std::size_t from, std::size_t count) {
  KeyPiece piece{hash, keys.size(), from, {}};
  const auto first = keys.begin() + static_cast<std::ptrdiff_t>(from);
  piece.bytes.assign(first, first + static_cast<std::ptrdiff_t>(std::min(count, keys.size() - from)));
  return result_of<KeyStatus>([&](auto done) { service.put_key_piece(who, piece, {}, done); });
}

inline KeyStatus upload(Service& service, const Identity& who, const Customer& customer, std::size_t step = 100'000) {
  KeyStatus status;
  for (std::size_t at = 0; at < customer.keys.size(); at += step) {
    status = put(service, who, customer.hash, customer.keys, at, step);
  }
  return status;
}

inline InferRequest request_of(const std::string& model, Bytes query) {
  InferRequest request{model, "", "7", {}, {}, std::nullopt};
  request.inputs.push_back({kInput, "BYTES", {1}, {std::move(query)}});
  return request;
}

inline Bytes infer(Service& service, const Identity& who, InferRequest request, std::stop_token stop = {}) {
  return result_of<InferReply>([&](auto done) { service.infer(who, std::move(request), stop, done); })
      .outputs.front()
      .elements.front();
}

}  // namespace obscura::serve::testing
