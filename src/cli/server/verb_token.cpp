// `obscura token create|list|revoke`: who may ask a server, in its state. Also while the server runs.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "cli/console.h"
#include "cli/options.h"
#include "cli/server/state_option.h"
#include "cli/verbs.h"
#include "serve/state/tokens.h"

namespace fs = std::filesystem;

namespace obscura::cli {
namespace {

using nlohmann::ordered_json;

struct TokenArguments {
  fs::path state;
  std::string tenant, id;
  std::string scopes = "infer,keys,search";
  std::string expires = "365d";
  bool json = false;
};

std::string date_text(std::int64_t seconds) {
  if (seconds == 0) return "never";
  const auto time = static_cast<std::time_t>(seconds);
  std::tm parts{};
  ::gmtime_r(&time, &parts);
  char text[32];
  return std::string(text, std::strftime(text, sizeof text, "%Y-%m-%d %H:%M UTC", &parts));
}

/// "90d", "12h", "30m", "45s" from now; "never" is 0.
std::int64_t expiry_of(const std::string& text) {
  if (text == "never") return 0;
  const std::size_t digits = text.find_first_not_of("0123456789");
  const std::string unit = digits == std::string::npos ? "" : text.substr(digits);
  const std::int64_t seconds = unit == "d" ? 86400 : unit == "h" ? 3600 : unit == "m" ? 60 : unit == "s" ? 1 : 0;
  if (digits == 0 || digits == std::string::npos || digits > 6 || seconds == 0) {
    throw UsageError("--expires is '" + text + "', expected a time as 90d, 12h, 30m or 45s, or never");
  }
  return static_cast<std::int64_t>(std::time(nullptr)) + std::stol(text.substr(0, digits)) * seconds;
}

void run_create(const TokenArguments& a) {
  const std::int64_t expires = expiry_of(a.expires);
  const serve::Scopes scopes = serve::parse_scopes(a.scopes);
  serve::Tokens tokens(a.state);
  fmt::print("{}\n", tokens.create(a.tenant, scopes, expires));
  note(fmt::format("for {}: {}, expires {}; it is shown this once and kept nowhere", a.tenant, serve::to_string(scopes),
                   date_text(expires)));
}

const char* state_of(const serve::TokenRecord& token) {
  if (token.revoked) return "revoked";
  return token.expires != 0 && token.expires <= static_cast<std::int64_t>(std::time(nullptr)) ? "expired" : "valid";
}

void run_list(const TokenArguments& a) {
  const auto all = serve::Tokens(a.state).list();
  if (a.json) {
    ordered_json rows = ordered_json::array();
    for (const auto& t : all) {
      rows.push_back({{"id", t.id},
                      {"tenant", t.tenant},
                      {"scopes", serve::to_string(t.scopes)},
                      {"created", t.created},
                      {"expires", t.expires},
                      {"state", state_of(t)}});
    }
    return print_json({{"tokens", rows}});
  }
  if (all.empty()) fmt::print("no tokens: obscura token create --state {} --tenant NAME\n", a.state.string());
  for (const auto& t : all) {
    fmt::print("{}  {:<8} {:<20} {:<24} made {}, expires {}\n", t.id, state_of(t), t.tenant, serve::to_string(t.scopes),
               date_text(t.created), date_text(t.expires));
  }
}

void run_revoke(const TokenArguments& a) {
  serve::Tokens(a.state).revoke(a.id);
  fmt::print("{} is taken by no server from now on\n", a.id);
}

}  // namespace

void add_token_verb(CLI::App& verb) {
  const auto args = std::make_shared<TokenArguments>();
  args->state = default_state();
  verb.require_subcommand(1);
  CLI::App& create = *verb.add_subcommand("create", "Makes a token and prints it, alone, on standard output");
  create.add_option("--tenant", args->tenant, "Whose it is: keys and quotas are a tenant's; made if need be")
      ->required()
      ->group(kRun);
  create.add_option("--scopes", args->scopes, "What it allows: of infer, keys, search, metrics")
      ->capture_default_str()
      ->group(kRun);
  create.add_option("--expires", args->expires, "After so long: 90d, 12h, 30m, 45s; or never")
      ->capture_default_str()
      ->group(kRun);
  CLI::App& list = *verb.add_subcommand("list", "Lists tokens; what they are is kept nowhere");
  add_json(list, args->json);
  CLI::App& revoke = *verb.add_subcommand("revoke", "Makes a token invalid, at once");
  revoke.add_option("id", args->id, "As list shows it: the 16 digits after obs_")->required()->group(kRun);
  for (CLI::App* one : {&create, &list, &revoke}) add_state(*one, args->state);
  create.callback([args] { run_create(*args); });
  list.callback([args] { run_list(*args); });
  revoke.callback([args] { run_revoke(*args); });
  verb.footer("Example:\n  TOKEN=$(obscura token create --state state --tenant clinic)");
}

}  // namespace obscura::cli
