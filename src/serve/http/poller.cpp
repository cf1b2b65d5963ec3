#include "serve/http/poller.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <array>
#include <chrono>

#include "base/error.h"

namespace obscura::serve {

namespace {

constexpr int kTickMs = 100;
constexpr std::uint64_t kWake = 0;

}  // namespace

Poller::Poller() : epoll_(::epoll_create1(EPOLL_CLOEXEC)), wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = kWake;
  if (!epoll_ || !wake_ || ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wake_.get(), &event) != 0) {
    throw IoError("the system has no descriptors left for a server");
  }
}

void Poller::start(Hears tick) {
  tick_ = std::move(tick);
  thread_ = std::thread([this] { run(); });
}

void Poller::stop() {
  if (!thread_.joinable()) return;
  ::eventfd_write(wake_.get(), 1);
  thread_.join();
}

std::uint64_t Poller::watch(int socket, For what, Hears hears) {
  std::uint64_t number = 0;
  {
    const std::lock_guard guard(lock_);
    number = ++last_;
    watched_.emplace(number, std::make_shared<Hears>(std::move(hears)));
  }
  epoll_event event{};
  event.events = what == For::input ? EPOLLIN : EPOLLRDHUP | EPOLLONESHOT;
  event.data.u64 = number;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, socket, &event) == 0) return number;
  const std::lock_guard guard(lock_);
  watched_.erase(number);
  return 0;
}

void Poller::forget(int socket, std::uint64_t watched) {
  if (watched == 0) return;
  epoll_event unused{};
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, socket, &unused);
  const std::lock_guard guard(lock_);
  watched_.erase(watched);
}

void Poller::heard(std::uint64_t watched) {
  std::shared_ptr<Hears> hears;
  {
    const std::lock_guard guard(lock_);
    const auto there = watched_.find(watched);
    if (there == watched_.end()) return;
    hears = there->second;
  }
  (*hears)();
}

void Poller::run() {
  using Clock = std::chrono::steady_clock;
  std::array<epoll_event, 64> events{};
  Clock::time_point last = Clock::now();
  while (true) {
    const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), kTickMs);
    for (int i = 0; i < count; ++i) {
      const std::uint64_t number = events[static_cast<std::size_t>(i)].data.u64;
      if (number == kWake) return;
      heard(number);
    }
    if (Clock::now() - last < std::chrono::milliseconds(kTickMs)) continue;
    last = Clock::now();
    tick_();
  }
}

}  // namespace obscura::serve
