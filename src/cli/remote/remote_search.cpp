// `obscura remote search`, where networks are read.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "cli/console.h"
#include "cli/remote/remote_verbs.h"
#include "cli/show_search.h"

namespace obscura::cli {

void run_remote_search(const RemoteSearchArguments& a) {
  constexpr std::size_t kMostFound = 1000;
  if (a.request.top == 0 || a.request.top > kMostFound) {
    throw UsageError(fmt::format("--top is {}, expected 1 to {}", a.request.top, kMostFound));
  }
  const auto server = connect(a.server);
  check_found(a.out, a.request.top, {a.request.picture, a.request.network}, a.force);
  const auto done = study::search_remotely(*server, a.request, notes());
  write_found(a.out, done.result);
  if (a.json) return print_json(study::remote_search_json(done, server->address().url, a.command));
  show_search(done.result, a.out);
}

}  // namespace obscura::cli
