// `obscura remote keys list|delete`: one's own evaluation keys at the server.
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "cli/console.h"
#include "cli/options.h"
#include "cli/remote/remote_verbs.h"
#include "report/text.h"

namespace obscura::cli {
namespace {

constexpr std::size_t kLeastDigits = 8;

struct KeysArguments {
  ServerArguments server;
  std::string which;
  bool json = false;
};

std::string day_text(std::uint64_t seconds) {
  if (seconds == 0) return report::kNothing;
  constexpr std::uint64_t kLastDay = 253402300799;  // of year 9999
  return fmt::format("{:%Y-%m-%d %H:%M} UTC", fmt::gmtime(static_cast<std::time_t>(std::min(seconds, kLastDay))));
}

nlohmann::ordered_json json_of(const remote::KeyStatus& key) {
  return {{"hash", key.hash},           {"state", to_string(key.state)}, {"bytes", key.bytes},
          {"total", key.total},         {"key_id", key.key_id},          {"created", key.created},
          {"last_used", key.last_used}, {"expires", key.expires},        {"models", key.models}};
}

void run_list(const KeysArguments& a) {
  const auto keys = connect(a.server)->keys();
  if (a.json) {
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (const auto& key : keys) list.push_back(json_of(key));
    return print_json({{"keys", list}});
  }
  for (const auto& key : keys) {
    fmt::print("{}\n  {}, {} of {}", key.hash, to_string(key.state), report::bytes_text(key.bytes),
               report::bytes_text(key.total));
    if (key.state == remote::KeyState::ready) {
      fmt::print("; for {}; used {}, deleted {} unless used before",
                 key.models.empty() ? "no model that is there" : fmt::format("{}", fmt::join(key.models, ", ")),
                 day_text(key.last_used), day_text(key.expires));
    }
    fmt::print("\n");
  }
  if (keys.empty()) fmt::print("no keys at the server\n");
}

/// Those that the word is the beginning of: one.
std::vector<std::string> hashes_of(const std::vector<remote::KeyStatus>& keys, const std::string& which) {
  std::vector<std::string> hashes;
  for (const auto& key : keys) {
    if (which == "all" || key.hash.starts_with(which)) hashes.push_back(key.hash);
  }
  if (which == "all") return hashes;
  if (hashes.empty()) throw UsageError("the server has no keys whose hash begins with " + which.substr(0, 64));
  if (hashes.size() > 1) throw UsageError(fmt::format("{} keys begin with {}: give more digits", hashes.size(), which));
  return hashes;
}

void run_delete(const KeysArguments& a) {
  const bool digits = a.which.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (a.which != "all" && (!digits || a.which.size() < kLeastDigits || a.which.size() > 64)) {
    throw UsageError("'" + a.which.substr(0, 80) +
                     "' names no keys: expected all, or a hash of 'remote keys list', its first eight digits at least");
  }
  const auto server = connect(a.server);
  const auto hashes = hashes_of(server->keys(), a.which);
  for (const auto& hash : hashes) server->remove_key(hash);
  if (a.json) return print_json({{"deleted", hashes}});
  for (const auto& hash : hashes) fmt::print("deleted {}\n", hash);
  if (hashes.empty()) fmt::print("no keys at the server\n");
}

}  // namespace

void add_remote_keys(CLI::App& remote) {
  const auto args = std::make_shared<KeysArguments>();
  CLI::App& verb = *remote.add_subcommand("keys", "Your evaluation keys at the server: list, delete");
  verb.require_subcommand(1);
  CLI::App& list = *verb.add_subcommand("list", "Which there are, for what, and until when");
  add_server(list, args->server);
  add_json(list, args->json);
  list.callback([args] { run_list(*args); });
  CLI::App& remove =
      *verb.add_subcommand("delete", "The server forgets keys; they are sent again when they are needed");
  remove.add_option("which", args->which, "A hash, or its first digits; or all")->required();
  add_server(remove, args->server);
  add_json(remove, args->json);
  remove.callback([args] { run_delete(*args); });
}

}  // namespace obscura::cli
