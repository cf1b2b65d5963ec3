// `obscura remote ping`: whether a server is there and takes requests, for health checks.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/stopwatch.h"
#include "cli/console.h"
#include "cli/options.h"
#include "cli/remote/remote_verbs.h"
#include "report/text.h"

namespace obscura::cli {
namespace {

struct PingArguments {
  ServerArguments server;
  bool json = false;
};

void run_ping(const PingArguments& a) {
  const auto server = connect(a.server);
  const Stopwatch watch;
  server->ping();
  const double seconds = watch.seconds();
  const auto facts = server->server();
  if (a.json) {
    return print_json({{"server", server->address().url},
                       {"name", facts.name},
                       {"version", facts.version},
                       {"ready", true},
                       {"seconds", seconds}});
  }
  fmt::print("{} {} at {} is ready, {}\n", facts.name, facts.version, server->address().url,
             report::duration_text(seconds));
}

}  // namespace

void add_remote_ping(CLI::App& remote) {
  const auto args = std::make_shared<PingArguments>();
  CLI::App& verb = *remote.add_subcommand("ping", "Whether the server is there and takes requests; needs no token");
  add_server(verb, args->server);
  add_json(verb, args->json);
  verb.callback([args] { run_ping(*args); });
}

}  // namespace obscura::cli
