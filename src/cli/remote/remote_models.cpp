// `obscura remote models`: what the server classifies with.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/console.h"
#include "cli/options.h"
#include "cli/remote/remote_verbs.h"
#include "report/text.h"

namespace obscura::cli {
namespace {

struct ModelsArguments {
  ServerArguments server;
  bool json = false;
};

void run_models(const ModelsArguments& a) {
  const auto server = connect(a.server);
  const auto facts = server->server();
  const auto models = server->models();
  if (a.json) {
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (const auto& m : models) {
      list.push_back({{"name", m.name},
                      {"version", m.version},
                      {"network", m.network},
                      {"client_spec", m.spec_hash},
                      {"images_per_query", m.images},
                      {"max_query_bytes", m.max_query_bytes},
                      {"key_bytes", m.key_bytes},
                      {"gallery", m.gallery.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(m.gallery)}});
    }
    return print_json({{"server", server->address().url}, {"version", facts.version}, {"models", list}});
  }
  fmt::print("{} {} at {}\n", facts.name, facts.version, server->address().url);
  for (const auto& m : models) {
    fmt::print("  {:<24} {}, {} image{} a query, keys of {}, once{}\n", m.name, m.network, m.images,
               m.images == 1 ? "" : "s", report::bytes_text(m.key_bytes),
               m.gallery.empty() ? "" : "; searches gallery " + m.gallery);
  }
  if (models.empty()) fmt::print("  no models\n");
}

}  // namespace

void add_remote_models(CLI::App& remote) {
  const auto args = std::make_shared<ModelsArguments>();
  CLI::App& verb = *remote.add_subcommand("models", "Which models the server has");
  add_server(verb, args->server);
  add_json(verb, args->json);
  verb.callback([args] { run_models(*args); });
}

}  // namespace obscura::cli
