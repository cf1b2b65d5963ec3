#include <fcntl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstring>

#include "base/error.h"
#include "serve/http/http_state.h"

namespace obscura::serve {

namespace {

// No exception may pass through libmicrohttpd, which is C.

Connection* connection_of(MHD_Connection* connection) {
  const auto* info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
  return info == nullptr ? nullptr : static_cast<Connection*>(info->socket_context);
}

/// The first line of a request: what it asks for, before libmicrohttpd decodes it.
void* on_target(void* cls, const char* target, MHD_Connection* connection) noexcept try {
  auto& state = *static_cast<HttpServer::State*>(cls);
  Connection* const on = connection_of(connection);
  if (on == nullptr) return nullptr;
  state.table.header_begins(*on);
  auto core = std::make_shared<ExchangeCore>(state.poller, state.budget);
  core->request.peer = on->peer;
  return new RequestSteps{state, *on, target == nullptr ? "" : target, std::move(core), {}, {}, {}, 0, false};
} catch (...) {
  return nullptr;
}

MHD_Result on_request(void*, MHD_Connection* connection, const char*, const char* method, const char* version,
                      const char* data, std::size_t* size, void** steps) noexcept try {
  if (*steps == nullptr) return MHD_NO;
  return continue_request(*static_cast<RequestSteps*>(*steps), connection, method, version, data, size);
} catch (...) {
  return MHD_NO;
}

void on_completed(void*, MHD_Connection*, void** kept, MHD_RequestTerminationCode) noexcept {
  const std::unique_ptr<RequestSteps> steps(static_cast<RequestSteps*>(std::exchange(*kept, nullptr)));
  if (!steps) return;
  steps->core->gone();
  steps->state.table.idle(steps->connection);
  if (steps->counted) steps->state.active.erase(steps->core);
}

/// Whether closing it now would throw away what the other end has not read yet (http/lingerer.h).
bool is_unread(const Connection& connection) {
  char next = 0;
  const ssize_t there = ::recv(connection.socket, &next, 1, MSG_PEEK | MSG_DONTWAIT);
  return there > 0 || (there < 0 && errno == EAGAIN && connection.linger);
}

void close_connection(HttpServer::State& state, Connection* connection) {
  if (!state.stopping && is_unread(*connection)) {
    Descriptor copy(::fcntl(connection->socket, F_DUPFD_CLOEXEC, 0));
    if (copy) state.lingerer.take(std::move(copy));
  }
  state.table.closed(connection);
}

void on_connection(void* cls, MHD_Connection* connection, void** context, MHD_ConnectionNotificationCode what) noexcept
    try {
  auto& state = *static_cast<HttpServer::State*>(cls);
  if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
    auto* const known = static_cast<Connection*>(std::exchange(*context, nullptr));
    if (known != nullptr) close_connection(state, known);
    return;
  }
  const auto* socket = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
  const auto* client = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
  if (socket == nullptr || client == nullptr) return;
  Peer peer = peer_of(client->client_addr);
  peer.encrypted = state.encrypted;
  *context = state.table.opened(socket->connect_fd, std::move(peer), counted_as(client->client_addr));
} catch (...) {
  // Without a context no request of it is served.
}

/// While daemons start, what libmicrohttpd says is why they do not; later it tells of clients, which is not kept.
thread_local std::string* said = nullptr;

void on_log(void*, const char* format, va_list arguments) noexcept try {
  if (said == nullptr) return;
  char line[512];
  std::vsnprintf(line, sizeof(line), format, arguments);
  *said = line;
  while (!said->empty() && said->back() == '\n') said->pop_back();
} catch (...) {
}

std::vector<MHD_OptionItem> options_for(HttpServer::State& state, const HttpOptions& options) {
  const auto pointer = [](auto function) { return reinterpret_cast<std::intptr_t>(function); };
  // Half of a connection's memory holds what comes in, the other what is made of it.
  std::vector<MHD_OptionItem> items = {
      {MHD_OPTION_EXTERNAL_LOGGER, pointer(&on_log), nullptr},
      {MHD_OPTION_NOTIFY_COMPLETED, pointer(&on_completed), &state},
      {MHD_OPTION_NOTIFY_CONNECTION, pointer(&on_connection), &state},
      {MHD_OPTION_URI_LOG_CALLBACK, pointer(&on_target), &state},
      {MHD_OPTION_CONNECTION_MEMORY_LIMIT, static_cast<std::intptr_t>(2 * options.max_header_bytes + 8192), nullptr},
      {MHD_OPTION_CONNECTION_LIMIT, static_cast<std::intptr_t>(options.max_connections + 64), nullptr},
      {MHD_OPTION_CONNECTION_TIMEOUT, 0, nullptr},
  };
#if MHD_VERSION >= 0x00097701
  items.push_back({MHD_OPTION_CLIENT_DISCIPLINE_LVL, 1, nullptr});
#endif
  if (state.encrypted) {
    const auto text = [](const char* at) { return const_cast<char*>(at); };
    items.push_back({MHD_OPTION_HTTPS_MEM_CERT, 0, text(options.certificate.c_str())});
    items.push_back({MHD_OPTION_HTTPS_MEM_KEY, 0, text(options.key.c_str())});
    items.push_back({MHD_OPTION_HTTPS_PRIORITIES, 0, text("NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-RSA")});
  }
  items.push_back({MHD_OPTION_END, 0, nullptr});
  return items;
}

}  // namespace

void Daemons::start(const HttpOptions& options) {
  const std::vector<MHD_OptionItem> items = options_for(state_, options);
  unsigned flags =
      MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;
  if (state_.encrypted) flags |= MHD_USE_TLS;
  std::string reason;
  said = &reason;
  for (unsigned i = 0; i < std::max(options.threads, 1U); ++i) {
    MHD_Daemon* const daemon = MHD_start_daemon(flags, 0, nullptr, nullptr, &on_request, &state_, MHD_OPTION_ARRAY,
                                                items.data(), MHD_OPTION_END);
    if (daemon == nullptr) break;
    daemons_.push_back(daemon);
  }
  said = nullptr;
  if (daemons_.size() == std::max(options.threads, 1U)) return;
  stop();
  throw Error(std::string("the HTTP server does not start") +
              (state_.encrypted ? ", its certificate and key must be PEM and belong together" : "") +
              (reason.empty() ? "" : ": " + reason));
}

bool Daemons::add(Descriptor socket, const sockaddr* address, unsigned size) {
  MHD_Daemon* const daemon = daemons_[next_++ % daemons_.size()];
  return MHD_add_connection(daemon, socket.release(), address, size) == MHD_YES;
}

void Daemons::stop() {
  for (MHD_Daemon* const daemon : daemons_) MHD_stop_daemon(daemon);
  daemons_.clear();
}

}  // namespace obscura::serve
