// `obscura serve`: models and galleries over a network. Nothing here, or in what it includes, knows a secret key.
#include <fmt/format.h>
#include <pthread.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <csignal>
#include <ctime>
#include <filesystem>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/error.h"
#include "base/file.h"
#include "base/stopwatch.h"
#include "cli/console.h"
#include "cli/option_table.h"
#include "cli/options.h"
#include "cli/server/state_option.h"
#include "cli/server/trusted_part.h"
#include "cli/service_manager.h"
#include "cli/verbs.h"
#include "report/text.h"
#include "serve/grpc/grpc_front.h"
#include "serve/http/rest_front.h"
#include "serve/service_options.h"
#include "serve/state/tokens.h"
#include "serve/utc.h"
#include "study/shipped.h"

namespace fs = std::filesystem;

namespace obscura::cli {
namespace {

struct ServeArguments {
  fs::path models;
  std::vector<std::string> galleries;
  fs::path state = default_state();
  std::string listen = "127.0.0.1:8443", grpc;
  fs::path certificate, key, ready_file, log, trusted;
  std::optional<std::string> web;  // empty: the page that ships
  std::size_t threads = 0, backlog = 256, most_wait = 60, key_memory = 4096, matrix_memory = 2048, tenant_keys = 16384,
              key_days = 30, grace = 30, connections = 1000;
  bool behind_proxy = false;
};

constexpr std::size_t kMega = std::size_t{1} << 20;

/// An optional value would take a missing word for a missing option.
CLI::Option* add_web(CLI::App& verb, ServeArguments& a) {
  return verb.add_option_function<std::string>(
      "--web", [&a](const std::string& folder) { a.web = folder; },
      "Serves a page in which browsers ask: they encrypt and decrypt, and this server does not see what. Of a folder, "
      "else the page that ships; off if not given");
}

OptionTable<ServeArguments> serve_options() {
  using A = ServeArguments;
  OptionTable<A> table;
  table.group(kFiles);
  table.value("--models", &A::models,
              "A folder of compiled programs: NAME/server.program, as compile --out makes them");
  table.value("--gallery", &A::galleries, "A folder that index made; may be given several times");
  table.value("--trusted-server-sees-pictures", &A::trusted,
              "Mode trusted: a network (ONNX) that galleries were indexed with. THIS SERVER THEN MAKES THE KEY THAT "
              "PICTURES ARE ENCRYPTED UNDER, AND DECRYPTS THEM; off if not given");
  table.other("--web", &add_web).word_optional();
  table.value("--state", &A::state, "The server's folder: tenants, tokens, keys; made where it is missing")
      .shows_default();
  table.value("--tls-cert", &A::certificate, "PEM: the certificate, then those that vouch for it");
  table.value("--tls-key", &A::key, "PEM: its private key");
  table.value("--log", &A::log, "A file for a line of JSON a request (default: standard error)");
  table.value("--ready-file", &A::ready_file, "A file to write when ready: {\"http\":PORT,\"grpc\":PORT}");
  table.group(kRun);
  table.value("--listen", &A::listen, "Where REST is spoken: ADDRESS:PORT; port 0: one that is free").shows_default();
  table.value("--grpc", &A::grpc, "Where gRPC is spoken: ADDRESS:PORT (default: nowhere)");
  table.flag("--behind-proxy", &A::behind_proxy,
             "TLS ends at a proxy before this server: tokens are taken on plain connections of other machines");
  table.value("--threads", &A::threads, "Threads, and requests at a time; 0: as many as the machine has")
      .check(CLI::Range(0, 1024))
      .shows_default();
  table.value("--backlog", &A::backlog, "Requests that may wait; more are refused at once").shows_default();
  table.value("--most-wait", &A::most_wait, "Seconds that one may have to wait").shows_default();
  table.value("--key-memory", &A::key_memory, "MB of memory for keys that are ready to use").shows_default();
  table.value("--matrix-memory", &A::matrix_memory, "MB of memory for encoded matrices").shows_default();
  table.value("--tenant-keys", &A::tenant_keys, "MB of disk for each tenant's keys").shows_default();
  table.value("--key-days", &A::key_days, "Keys that nobody used for so many days go").shows_default();
  table.value("--connections", &A::connections, "Connections at a time, of REST").shows_default();
  table.value("--grace", &A::grace, "Seconds that requests have to end in when the server is stopped").shows_default();
  return table;
}

/// Lines of JSON for who runs the server, on standard error or in a file. Thread-safe.
class Log {
 public:
  explicit Log(const fs::path& file) : file_(file.empty() ? stderr : std::fopen(file.c_str(), "a")) {
    if (file_ == nullptr) throw IoError("cannot write to " + file.string());
  }
  ~Log() {
    if (file_ != stderr) std::fclose(file_);
  }
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  void line(std::string_view text) {
    const std::lock_guard lock(mutex_);
    std::fwrite(text.data(), 1, text.size(), file_);
    std::fputc('\n', file_);
    std::fflush(file_);
  }
  void event(const std::string& what) {
    line(nlohmann::ordered_json{{"time", serve::utc_now()}, {"event", what}}.dump(
        -1, ' ', false, nlohmann::json::error_handler_t::replace));
  }

 private:
  std::mutex mutex_;
  std::FILE* file_;
};

std::string pem_of(const fs::path& file) {
  if (file.empty()) return {};
  const auto bytes = read_file(file, kMega);
  return {bytes.begin(), bytes.end()};
}

serve::Service::Options service_options(const ServeArguments& a, Log& log) {
  serve::Service::Options options;
  options.models = a.models, options.state = a.state;
  options.galleries.assign(a.galleries.begin(), a.galleries.end());
  options.threads = a.threads, options.backlog = a.backlog, options.most_wait = static_cast<double>(a.most_wait);
  options.matrix_memory = a.matrix_memory * kMega, options.key_memory = a.key_memory * kMega;
  options.key_bytes_per_tenant = a.tenant_keys * kMega;
  options.key_seconds = static_cast<std::int64_t>(a.key_days) * 24 * 3600;
  options.behind_proxy = a.behind_proxy;
  options.log = [&log](const std::string& line) { log.event(line); };
  return options;
}

/// Nothing: no page is served.
std::shared_ptr<const serve::Site> site_of(const ServeArguments& a) {
  if (!a.web) return nullptr;
  const fs::path folder = a.web->empty() ? study::shipped("web/site") : fs::path(*a.web);
  if (folder.empty()) {
    throw IoError(
        "--web: the page is neither in share/obscura/web/site, where it is installed, nor in build/web/site, where "
        "./dev web makes it: make it, or name its folder");
  }
  return std::make_shared<const serve::Site>(folder);
}

serve::RestOptions rest_options(const ServeArguments& a, std::shared_ptr<const serve::Site> site, Log& log) {
  serve::RestOptions options;
  options.http.listen = a.listen;
  options.http.certificate = pem_of(a.certificate), options.http.key = pem_of(a.key);
  options.http.max_connections = a.connections;
  // Behind a proxy all come from one address.
  options.http.max_connections_an_address = a.behind_proxy ? a.connections : (a.connections + 1) / 2;
  options.trust_loopback = !a.behind_proxy;
  options.site = std::move(site);
  options.access_log = [&log](std::string_view line) { log.line(line); };
  return options;
}

serve::GrpcOptions grpc_options(const ServeArguments& a, Log& log) {
  serve::GrpcOptions options;
  options.address = a.grpc;
  options.certificate = pem_of(a.certificate), options.key = pem_of(a.key);
  options.access_log = [&log](std::string_view line) { log.line(line); };
  return options;
}

/// SIGINT and SIGTERM wait for wait_for_end in every thread that begins from now on, and a client that has gone is no
/// reason to end.
sigset_t hold_signals() {
  sigset_t held;
  sigemptyset(&held);
  sigaddset(&held, SIGINT);
  sigaddset(&held, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &held, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  return held;
}

int wait_for_end(const sigset_t& held) {
  int number = 0;
  while (::sigwait(&held, &number) != 0) {
  }
  return number;
}

/// Nobody is to switch it on without seeing what it means.
void print_trusted(serve::Service& service) {
  for (const auto& gallery : service.galleries({})) {
    if (gallery.max_trusted_bytes == 0) continue;
    fmt::print("  gallery {}: mode trusted. THIS SERVER SEES EVERY PICTURE THAT IS SENT SO\n", gallery.name);
  }
}

/// Off would be what nobody asked for.
void require_use(serve::Service& service, const fs::path& network) {
  const auto galleries = service.galleries({});
  const auto used = [](const serve::GalleryFacts& gallery) { return gallery.max_trusted_bytes != 0; };
  if (std::ranges::any_of(galleries, used)) return;
  throw UsageError("--trusted-server-sees-pictures: no gallery that is served was indexed with " + network.string());
}

/// No browser encrypts in a page that others could have changed on its way: this one says so then.
void note_plain_page(const ServeArguments& a) {
  const std::string host = a.listen.substr(0, a.listen.rfind(':'));
  const bool local = host == "localhost" || host == "[::1]" || host.starts_with("127.");
  if (!a.web || !a.certificate.empty() || a.behind_proxy || local) return;
  note(
      "the page works in browsers on this machine alone, at http://localhost: elsewhere it takes https (--tls-cert, "
      "--tls-key, or --behind-proxy)");
}

void print_ready(const ServeArguments& a, serve::Service& service, const serve::Site* site, int http_port,
                 int grpc_port, double seconds) {
  const char* scheme = a.certificate.empty() ? "http" : "https";
  const std::string host = a.listen.substr(0, a.listen.rfind(':'));
  fmt::print("ready in {}: {}://{}:{}\n", report::duration_text(seconds), scheme, host, http_port);
  if (site != nullptr) {
    fmt::print("  page at {}://{}:{}/ ({} files, {}); status at /status\n", scheme, host, http_port, site->files(),
               report::bytes_text(site->bytes()));
  }
  if (grpc_port != 0) fmt::print("  gRPC at {}:{}\n", a.grpc.substr(0, a.grpc.rfind(':')), grpc_port);
  for (const auto& model : service.models()) {
    fmt::print("  model {:<24} {}, version {}\n", model.name, model.network, model.version);
  }
  for (const auto& gallery : a.galleries)
    fmt::print("  gallery {}\n", fs::weakly_canonical(gallery).filename().string());
  if (!a.trusted.empty()) print_trusted(service);
  fmt::print("  state in {}\n", a.state.string());
  std::fflush(stdout);
}

/// A connection each: as many files as the system allows this user.
void raise_file_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

void run_serve(const ServeArguments& a) {
  const Stopwatch watch;
  // What decrypts is in a program of its own.
  const auto trusted = a.trusted.empty() ? nullptr : trusted_part(a.trusted);
  raise_file_limit();
  if (a.certificate.empty() != a.key.empty()) throw UsageError("--tls-cert and --tls-key belong together");
  const auto site = site_of(a);
  serve::quiet_grpc();
  const sigset_t held = hold_signals();
  Log log(a.log);
  auto options = service_options(a, log);
  options.trusted = trusted;
  serve::Service service(options);
  if (trusted) require_use(service, a.trusted);
  std::optional<serve::GrpcFront> grpc;
  if (!a.grpc.empty()) grpc.emplace(service, grpc_options(a, log));
  serve::RestFront rest(service, rest_options(a, site, log));
  const int grpc_port = grpc ? grpc->port() : 0;
  print_ready(a, service, site.get(), rest.port(), grpc_port, watch.seconds());
  note_plain_page(a);
  if (serve::Tokens(a.state).empty()) {
    note("nobody has a token yet: obscura token create --state " + a.state.string() + " --tenant NAME");
  }
  if (!a.ready_file.empty()) {
    write_file(a.ready_file, fmt::format("{{\"http\":{},\"grpc\":{}}}\n", rest.port(), grpc_port));
  }
  tell_service_manager("READY=1");
  wait_for_end(held);
  tell_service_manager("STOPPING=1");
  const int grace = static_cast<int>(a.grace) * 1000;
  log.event("stopping: what was taken has " + std::to_string(a.grace) + " s to end");
  service.stop(grace);
  rest.stop(std::chrono::seconds(1));
  if (grpc) grpc->stop(1000);
  log.event("stopped");
}

}  // namespace

void add_serve_verb(CLI::App& verb) {
  const auto args = std::make_shared<ServeArguments>();
  serve_options().add_to(verb, *args);
  verb.footer(
      "Example:\n  obscura compile models/tenseal-mnist.onnx --out served/mnist\n  obscura serve --models served "
      "--listen 127.0.0.1:8443 --state state\nTwo signals end it: SIGINT and SIGTERM. docs/service.md has TLS, systemd "
      "and the protocol.");
  verb.callback([args] { run_serve(*args); });
}

}  // namespace obscura::cli
