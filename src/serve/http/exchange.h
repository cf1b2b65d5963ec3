#pragma once

#include <cstdint>
#include <memory>
#include <stop_token>
#include <vector>

#include "serve/http/reply.h"
#include "serve/http/request.h"

namespace obscura::serve {

class ExchangeCore;

/// A request that waits for its answer. Whoever holds it may answer on any thread, at any time: where the client or the
/// server has gone by then, the answer is dropped. One that goes without an answer is answered by 500.
class Exchange {
 public:
  explicit Exchange(std::shared_ptr<ExchangeCore> core) : core_(std::move(core)) {}
  ~Exchange();
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  const Request& request() const;
  std::size_t body_bytes() const;
  /// Once; whole.
  std::vector<std::uint8_t> take_body();
  /// Asked for when the client hangs up, or the server stops and its grace is over.
  std::stop_token stop() const;
  /// The first answer is sent, further ones are dropped.
  void answer(Reply reply);

 private:
  std::shared_ptr<ExchangeCore> core_;
};

}  // namespace obscura::serve
