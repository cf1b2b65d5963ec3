#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "serve/access.h"

namespace obscura::serve {

/// What can be asked for.
enum class RestCall {
  status_page,
  metrics,
  live,
  ready,
  server,
  models,
  model,
  model_ready,
  infer,
  spec,
  keys,
  key,
  galleries,
  gallery,
  card,
  hint,
  scores,
  fetch,
  trusted,
  web
};

struct Route {
  RestCall call = RestCall::server;
  std::string name;     ///< of the model or gallery, or the hash
  std::string version;  ///< of it; empty: none was said
};

/// The route of a path that was taken apart (http/target.h). Nothing: there is no such path. RestCall::web, a file of
/// the page, is none of a path: it is for who knows what files there are.
std::optional<Route> route_of(const std::vector<std::string>& path);

/// "GET, HEAD" and the like, for Allow.
std::string_view methods_of(RestCall call);
bool is_allowed(RestCall call, std::string_view method);

/// The right that a call needs. Nothing: none.
std::optional<Scope> scope_of(RestCall call);

/// As metrics and logs name it.
std::string_view name_of(RestCall call);

}  // namespace obscura::serve
