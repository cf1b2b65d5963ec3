#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "serve/http/http_server.h"
#include "serve/http/rest_front.h"
#include "serve/http/routes.h"

namespace obscura::serve {

/// What all calls of a front share.
struct RestShared {
  Service& service;
  RestOptions options;
};

/// One call from its head to its answer, for metrics and the access log. It has one thread at a time.
class CallRecord {
 public:
  CallRecord(std::shared_ptr<const RestShared> shared, std::string_view call, const Request& request);

  void admitted(const Identity& who);
  /// Names the model for metrics and log, if there is such a one: what clients make up has no place in labels.
  void name_model(const std::string& name);
  void received(std::uint64_t bytes);
  /// The time of a call counts from here on: its last byte has come.
  void body_is_here() { start_ = std::chrono::steady_clock::now(); }
  /// So much of it is over.
  double seconds() const;
  /// Counts and logs the end; once. Throws nothing.
  void ended(const Reply& reply) noexcept;

 private:
  std::string line(const Reply& reply, double seconds) const;

  std::shared_ptr<const RestShared> shared_;
  std::string_view call_;
  std::string method_, peer_, model_, tenant_, token_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::uint64_t received_ = 0;
};

/// A call that was let in and whose body is here.
struct RestExchange {
  std::shared_ptr<const RestShared> shared;
  std::shared_ptr<CallRecord> record;
  std::shared_ptr<Exchange> exchange;
  Route route;
  Identity who;

  Service& service() const { return shared->service; }
  const Request& request() const { return exchange->request(); }
  void answer(Reply reply) const;
  /// The exception in flight.
  void fail() const;
};

/// Answers with what `write` makes of the value, or with the failure.
template <typename T, typename Write>
Done<T> answer_with(RestExchange call, Write write) {
  return [call = std::move(call), write = std::move(write)](Outcome<T> outcome) {
    try {
      if (!outcome.ok()) throw Failure(outcome.failure());
      call.answer(write(std::move(outcome.value())));
    } catch (...) {
      call.fail();
    }
  };
}

// What the routes do, in groups. They answer, or throw Failure or what failure_in_flight takes for one.
void answer_server(const RestExchange& call);
void answer_models(const RestExchange& call);
void answer_infer(const RestExchange& call);
void answer_keys(const RestExchange& call);
void answer_galleries(const RestExchange& call);

}  // namespace obscura::serve
