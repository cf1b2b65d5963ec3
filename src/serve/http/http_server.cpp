#include "serve/http/http_server.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>

#include "base/error.h"
#include "serve/http/http_state.h"

namespace obscura::serve {

bool ActiveExchanges::insert(const std::shared_ptr<ExchangeCore>& core) {
  const std::lock_guard guard(lock_);
  if (!cut_) active_.insert(core);
  return !cut_;
}

void ActiveExchanges::erase(const std::shared_ptr<ExchangeCore>& core) {
  const std::lock_guard guard(lock_);
  active_.erase(core);
  if (active_.empty()) emptied_.notify_all();
}

bool ActiveExchanges::wait_empty(std::chrono::milliseconds grace) {
  std::unique_lock guard(lock_);
  return emptied_.wait_for(guard, grace, [this] { return active_.empty(); });
}

void ActiveExchanges::cut() {
  std::vector<std::shared_ptr<ExchangeCore>> all;
  {
    const std::lock_guard guard(lock_);
    cut_ = true;
    all.assign(active_.begin(), active_.end());
  }
  for (const auto& core : all) core->drop();
}

namespace {

/// A sentence for who comes when there is no room; it fits one packet.
void turn_away(int socket) {
  const std::string body =
      "{\"code\":\"overloaded\",\"error\":\"there are too many connections: ask again in a moment\"}";
  const std::string answer =
      "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nRetry-After: 1\r\nConnection: close\r\n"
      "Content-Length: " +
      std::to_string(body.size()) + "\r\n\r\n" + body;
  (void)!::send(socket, answer.data(), answer.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
}

}  // namespace

HttpServer::State::State(HttpOptions wanted, HttpHandler& handles)
    : options(std::move(wanted)),
      handler(handles),
      encrypted(!options.certificate.empty() || !options.key.empty()),
      table(options),
      budget(std::make_shared<BodyBudget>(options.max_bodies_in_flight)),
      listening(listen_at(options.listen)),
      port(listening.port),
      spare(::open("/dev/null", O_RDONLY | O_CLOEXEC)),
      lingerer(poller),
      daemons(*this) {
  daemons.start(options);
  listening_watched = poller.watch(listening.socket.get(), Poller::For::input, [this] { accept_some(); });
  if (listening_watched == 0) throw IoError("the system refuses to watch the socket of " + options.listen);
  poller.start([this] {
    table.reap(Clock::now());
    lingerer.tick();
  });
}

HttpServer::State::~State() {
  poller.stop();
}

/// Whoever waits is turned away, instead of being noticed again and again.
void HttpServer::State::turn_away_without_descriptors() {
  spare.reset();
  Descriptor(::accept4(listening.socket.get(), nullptr, nullptr, SOCK_CLOEXEC));
  spare = Descriptor(::open("/dev/null", O_RDONLY | O_CLOEXEC));
}

void HttpServer::State::accept_some() {
  const std::lock_guard guard(accepting);
  for (int i = 0; i < 64 && listening.socket; ++i) {
    sockaddr_storage from{};
    socklen_t size = sizeof(from);
    auto* const address = reinterpret_cast<sockaddr*>(&from);
    Descriptor socket(::accept4(listening.socket.get(), address, &size, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!socket && (errno == EMFILE || errno == ENFILE)) turn_away_without_descriptors();
    if (!socket) return;
    const std::string counted = counted_as(address);
    if (!table.admit(counted)) {
      if (!encrypted) turn_away(socket.get());
      if (!encrypted) lingerer.take(std::move(socket));
      continue;
    }
    const int on = 1;
    ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (!daemons.add(std::move(socket), address, size)) table.withdraw(counted);
  }
}

void HttpServer::State::stop_listening() {
  const std::lock_guard guard(accepting);
  if (!listening.socket) return;
  poller.forget(listening.socket.get(), listening_watched);
  listening.socket.reset();
}

HttpServer::HttpServer(HttpOptions options, HttpHandler& handler)
    : state_(std::make_unique<State>(std::move(options), handler)) {}

HttpServer::~HttpServer() {
  stop({});
}

std::uint16_t HttpServer::port() const {
  return state_->port;
}

std::size_t HttpServer::connections() const {
  return state_->table.count();
}

std::size_t HttpServer::bodies_in_flight() const {
  return state_->budget->taken();
}

void HttpServer::stop(std::chrono::milliseconds grace) {
  if (state_->stopped.exchange(true)) return;
  state_->stopping = true;
  state_->stop_listening();
  state_->active.wait_empty(grace);
  state_->active.cut();
  state_->daemons.stop();
}

}  // namespace obscura::serve
