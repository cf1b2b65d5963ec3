#include "serve/http/lingerer.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>

namespace obscura::serve {

namespace {

constexpr std::size_t kMost = 128;
constexpr std::chrono::seconds kTime{2};
constexpr std::uint64_t kMostBytes = std::uint64_t{64} << 20;

}  // namespace

Lingerer::~Lingerer() {
  const std::lock_guard guard(lock_);
  while (!open_.empty()) close(open_.begin());
}

void Lingerer::take(Descriptor socket) {
  ::shutdown(socket.get(), SHUT_WR);
  const int number = socket.get();
  const std::lock_guard guard(lock_);
  if (open_.size() >= kMost) return;
  Lingering& one = open_[number];
  one.socket = std::move(socket);
  one.until = std::chrono::steady_clock::now() + kTime;
  one.watched = poller_.watch(number, Poller::For::input, [this, number] { drain(number); });
  if (one.watched == 0) open_.erase(number);
}

void Lingerer::drain(int number) {
  static thread_local std::array<char, 65536> dropped;
  const std::lock_guard guard(lock_);
  const auto at = open_.find(number);
  if (at == open_.end()) return;
  const ssize_t count = ::recv(number, dropped.data(), dropped.size(), MSG_DONTWAIT);
  if (count > 0) at->second.dropped += static_cast<std::uint64_t>(count);
  const bool nothing = count < 0 && (errno == EAGAIN || errno == EINTR);
  if ((count <= 0 && !nothing) || at->second.dropped > kMostBytes) close(at);
}

void Lingerer::close(std::map<int, Lingering>::iterator at) {
  poller_.forget(at->first, at->second.watched);
  open_.erase(at);
}

void Lingerer::tick() {
  const auto now = std::chrono::steady_clock::now();
  const std::lock_guard guard(lock_);
  for (auto at = open_.begin(); at != open_.end();) {
    const auto next = std::next(at);
    if (now >= at->second.until) close(at);
    at = next;
  }
}

}  // namespace obscura::serve
