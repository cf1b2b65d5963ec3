// `obscura search`: pictures like one's own, found in a gallery whose server does not see it. Both sides in one
// process.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "cli/console.h"
#include "cli/options.h"
#include "cli/passphrase_options.h"
#include "cli/picture_options.h"
#include "cli/search_files_verbs.h"
#include "cli/show_search.h"
#include "cli/verbs.h"
#include "study/search/search.h"

namespace fs = std::filesystem;

namespace obscura::cli {
namespace {

/// More are no help to anybody who looks at them.
constexpr std::size_t kMostFound = 1000;

struct SearchArguments {
  study::SearchRequest request;
  PassphraseOptions passphrase;
  fs::path out;
  bool force = false;
  bool json = false;
};

const OptionTable<study::SearchRequest>& search_options() {
  using V = study::SearchRequest;
  static const OptionTable<V> table = [] {
    OptionTable<V> t;
    t.group(kFiles);
    t.value("picture", &V::picture, "A picture").echo(Echo::file_name);
    t.value("--gallery", &V::gallery, "A folder that index made").echo(Echo::file_name);
    t.value("--network", &V::network, "The network that it was indexed with (ONNX)").echo(Echo::file_name);
    t.group(kRun);
    t.value("--mode", &V::mode,
            "blind-features: the server gets the vector encrypted; blind: the picture encrypted, and runs the network "
            "on it; plain: the vector in the clear; trusted: the picture under a key of its own, AND SEES IT")
        .shows_default();
    t.value("--fetch", &V::fetch,
            "private (default): the server does not learn which images are fetched; plain: it does");
    t.value("--encrypted", &V::encrypted, "The gallery as index --encrypt encrypted it, in the place of its vectors")
        .echo(Echo::file_name);
    t.value("--secret", &V::secret, "The folder with the key that it is encrypted under").echo(Echo::file_name);
    t.value("--top", &V::top, "So many of the nearest").check(whole_number()).shows_default();
    t.part(fit_options(), &V::fit);
    return t;
  }();
  return table;
}

/// Not left to the options: what is asked for as files (verb_search_files.cpp) has its own.
void require(const fs::path& value, const char* what) {
  if (value.empty()) throw UsageError(std::string(what) + " is required (obscura search --help)");
}

void run_search(const SearchArguments& a) {
  require(a.request.picture, "a picture"), require(a.request.gallery, "--gallery");
  require(a.request.network, "--network");
  if (a.request.top == 0 || a.request.top > kMostFound) {
    throw UsageError(fmt::format("--top is {}, expected 1 to {}", a.request.top, kMostFound));
  }
  check_found(a.out, a.request.top, {a.request.picture, a.request.network}, a.force);
  const auto result = study::search_gallery(a.request, notes());
  write_found(a.out, result);
  if (a.json) return print_json(study::search_json(result, "obscura search" + search_options().echo(a.request)));
  show_search(result, a.out);
}

}  // namespace

void add_search_verb(CLI::App& verb) {
  const auto args = std::make_shared<SearchArguments>();
  search_options().add_to(verb, args->request);
  verb.add_option("--out", args->out, "A folder for a sheet of what is found, and each picture (PNG)")->group(kOutput);
  add_passphrase(verb, args->passphrase);
  add_threads(verb, args->request.threads);
  add_force(verb, args->force);
  add_json(verb, args->json);
  verb.footer("Example:\n  obscura search cat.png --gallery gallery/ --network models/embed-cifar10.onnx --out found/");
  add_search_files(verb);
  verb.callback([args, &verb] {
    if (!verb.get_subcommands().empty()) return;
    args->request.passphrase = passphrase_of(args->passphrase);
    run_search(*args);
  });
}

}  // namespace obscura::cli
