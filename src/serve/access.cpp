#include "serve/access.h"

#include <array>
#include <sstream>

#include "base/error.h"

namespace obscura::serve {
namespace {

struct Named {
  const char* name;
  Scope scope;
};
constexpr std::array kNames = {Named{"infer", Scope::infer}, Named{"keys", Scope::keys}, Named{"search", Scope::search},
                               Named{"metrics", Scope::metrics}};

}  // namespace

std::string to_string(Scopes scopes) {
  std::string text;
  for (const auto& [name, scope] : kNames) {
    if (!allows(scopes, scope)) continue;
    if (!text.empty()) text += ',';
    text += name;
  }
  return text;
}

Scopes parse_scopes(const std::string& text) {
  Scopes scopes = 0;
  std::istringstream words(text);
  for (std::string word; std::getline(words, word, ',');) {
    bool known = false;
    for (const auto& [name, scope] : kNames) {
      if (word != name) continue;
      scopes = static_cast<Scopes>(scopes | static_cast<Scopes>(scope));
      known = true;
    }
    if (!known) throw UsageError("no scope '" + word + "': there are infer, keys, search and metrics");
  }
  if (scopes == 0) throw UsageError("a token without a scope allows nothing: infer, keys, search, metrics");
  return scopes;
}

}  // namespace obscura::serve
