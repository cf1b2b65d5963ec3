#include "serve/http/routes.h"

#include <algorithm>
#include <array>

namespace obscura::serve {

namespace {

/// Patterns: "*" stands for a name, "#" for a version.
struct Row {
  RestCall call;
  std::string_view name, pattern, methods;
  std::optional<Scope> scope;
};

constexpr std::string_view kRead = "GET, HEAD";

constexpr std::array kRows = {
    Row{RestCall::status_page, "page", "", kRead, Scope::metrics},
    Row{RestCall::status_page, "page", "status", kRead, Scope::metrics},
    Row{RestCall::metrics, "metrics", "metrics", kRead, Scope::metrics},
    Row{RestCall::live, "health", "v2/health/live", kRead, {}},
    Row{RestCall::ready, "health", "v2/health/ready", kRead, {}},
    Row{RestCall::server, "metadata", "v2", kRead, {}},
    Row{RestCall::models, "models", "v2/models", kRead, Scope::infer},
    Row{RestCall::model, "models", "v2/models/*", kRead, Scope::infer},
    Row{RestCall::model, "models", "v2/models/*/versions/#", kRead, Scope::infer},
    Row{RestCall::model_ready, "health", "v2/models/*/ready", kRead, {}},
    Row{RestCall::model_ready, "health", "v2/models/*/versions/#/ready", kRead, {}},
    Row{RestCall::infer, "infer", "v2/models/*/infer", "POST", Scope::infer},
    Row{RestCall::infer, "infer", "v2/models/*/versions/#/infer", "POST", Scope::infer},
    Row{RestCall::spec, "specs", "v2/obscura/specs/*", kRead, Scope::infer},
    Row{RestCall::keys, "keys", "v2/obscura/keys", kRead, Scope::keys},
    Row{RestCall::key, "keys", "v2/obscura/keys/*", "GET, HEAD, PUT, DELETE", Scope::keys},
    Row{RestCall::galleries, "galleries", "v2/obscura/galleries", kRead, Scope::search},
    Row{RestCall::gallery, "galleries", "v2/obscura/galleries/*", kRead, Scope::search},
    Row{RestCall::card, "card", "v2/obscura/galleries/*/card", kRead, Scope::search},
    Row{RestCall::hint, "hint", "v2/obscura/galleries/*/versions/#/hint", kRead, Scope::search},
    Row{RestCall::scores, "scores", "v2/obscura/galleries/*/scores", "POST", Scope::search},
    Row{RestCall::fetch, "fetch", "v2/obscura/galleries/*/fetch", "POST", Scope::search},
    Row{RestCall::trusted, "trusted", "v2/obscura/galleries/*/trusted", "GET, HEAD, POST", Scope::search},
    Row{RestCall::web, "web", "/", kRead, {}},  // no path is like that
};

const Row& row_of(RestCall call) {
  return *std::find_if(kRows.begin(), kRows.end(), [call](const Row& row) { return row.call == call; });
}

std::optional<Route> match(const Row& row, const std::vector<std::string>& path) {
  Route route{row.call, "", ""};
  std::string_view rest = row.pattern;
  for (const std::string& part : path) {
    if (rest.empty()) return std::nullopt;
    const std::size_t slash = rest.find('/');
    const std::string_view expected = rest.substr(0, slash);
    if (expected == "*") {
      route.name = part;
    } else if (expected == "#") {
      route.version = part;
    } else if (expected != part) {
      return std::nullopt;
    }
    rest = slash == std::string_view::npos ? std::string_view() : rest.substr(slash + 1);
  }
  return rest.empty() ? std::optional(route) : std::nullopt;
}

}  // namespace

std::optional<Route> route_of(const std::vector<std::string>& path) {
  for (const Row& row : kRows) {
    if (auto route = match(row, path)) return route;
  }
  return std::nullopt;
}

std::string_view methods_of(RestCall call) {
  return row_of(call).methods;
}

bool is_allowed(RestCall call, std::string_view method) {
  std::string_view methods = methods_of(call);
  while (!methods.empty()) {
    const std::size_t comma = methods.find(", ");
    if (methods.substr(0, comma) == method) return true;
    methods.remove_prefix(comma == std::string_view::npos ? methods.size() : comma + 2);
  }
  return false;
}

std::optional<Scope> scope_of(RestCall call) {
  return row_of(call).scope;
}

std::string_view name_of(RestCall call) {
  return row_of(call).name;
}

}  // namespace obscura::serve
