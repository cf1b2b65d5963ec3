#include "serve/http/exchange.h"

#include <microhttpd.h>

#include "serve/http/exchange_core.h"

namespace obscura::serve {

bool BodyBudget::take(std::size_t bytes) {
  std::size_t now = taken_.load();
  do {
    if (bytes > most_ || now > most_ - bytes) return false;
  } while (!taken_.compare_exchange_weak(now, now + bytes));
  return true;
}

ExchangeCore::~ExchangeCore() {
  release();
}

bool ExchangeCore::reserve(std::size_t bytes) {
  if (!budget_->take(bytes)) return false;
  reserved_ += bytes;
  return true;
}

void ExchangeCore::release() {
  budget_->give_back(std::exchange(reserved_, 0));
}

/// With the lock held. While it is parked, libmicrohttpd neither reads from the connection nor closes it.
void ExchangeCore::wake() {
  if (parked_ == nullptr) return;
  poller_.forget(socket_, watched_);
  MHD_resume_connection(std::exchange(parked_, nullptr));
}

void ExchangeCore::answer(Reply reply) {
  const std::lock_guard guard(lock_);
  if (has_reply_ || gone_ || dropped_) return;
  has_reply_ = true;
  reply_ = std::move(reply);
  wake();
}

bool ExchangeCore::answered() const {
  const std::lock_guard guard(lock_);
  return has_reply_;
}

bool ExchangeCore::park(MHD_Connection* connection, int socket) {
  const std::lock_guard guard(lock_);
  if (has_reply_ || dropped_) return false;
  MHD_suspend_connection(connection);
  parked_ = connection;
  socket_ = socket;
  watched_ = poller_.watch(socket, Poller::For::hangup_once, [weak = weak_from_this()] {
    if (const auto core = weak.lock()) core->stop_.request_stop();
  });
  return true;
}

std::optional<Reply> ExchangeCore::take_reply() {
  const std::lock_guard guard(lock_);
  return dropped_ ? std::nullopt : std::exchange(reply_, std::nullopt);
}

void ExchangeCore::gone() {
  bool unheard = false;
  {
    const std::lock_guard guard(lock_);
    gone_ = true;
    unheard = !has_reply_;
  }
  if (unheard) stop_.request_stop();
}

void ExchangeCore::drop() {
  {
    const std::lock_guard guard(lock_);
    dropped_ = true;
    wake();
  }
  stop_.request_stop();
}

Exchange::~Exchange() {
  if (core_->answered()) return;
  core_->answer(error_reply(500, "internal", "the server did not finish this request: its log may say why"));
}

const Request& Exchange::request() const {
  return core_->request;
}

std::size_t Exchange::body_bytes() const {
  return core_->body.size();
}

std::vector<std::uint8_t> Exchange::take_body() {
  return std::move(core_->body);
}

std::stop_token Exchange::stop() const {
  return core_->stop();
}

void Exchange::answer(Reply reply) {
  core_->answer(std::move(reply));
}

}  // namespace obscura::serve
