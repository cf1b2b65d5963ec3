#include <nlohmann/json.hpp>

#include "cli/options.h"
#include "cli/passphrase_options.h"
#include "cli/picture_options.h"
#include "cli/remote/remote_verbs.h"

namespace obscura::cli {
namespace {

const OptionTable<study::RemoteSearchRequest>& remote_search_options() {
  using V = study::RemoteSearchRequest;
  static const OptionTable<V> table = [] {
    OptionTable<V> t;
    t.group(kFiles);
    t.value("picture", &V::picture, "A picture").required().echo(Echo::file_name);
    t.value("--keys", &V::keys, "A folder for your keys, made on first use, and for what is kept of galleries")
        .required()
        .echo(Echo::file_name);
    t.value("--network", &V::network,
            "blind-features: the network that the gallery was indexed with (ONNX; default: the one that ships, if it "
            "is)")
        .echo(Echo::file_name);
    t.group(kRun);
    t.value("--gallery", &V::gallery, "Which gallery; may be left out where there is one");
    t.value("--mode", &V::mode,
            "blind-features (default): the server gets the vector encrypted; blind: the picture encrypted, and runs "
            "the network on it; trusted: THE SERVER SEES THE PICTURE, and what is found")
        .check(CLI::IsMember({"blind-features", "blind", "trusted"}));
    t.value("--top", &V::top, "So many of the nearest").check(whole_number()).shows_default();
    t.part(fit_options(), &V::fit);
    return t;
  }();
  return table;
}

}  // namespace

void add_remote_search(CLI::App& remote) {
  const auto args = std::make_shared<RemoteSearchArguments>();
  CLI::App& verb = *remote.add_subcommand("search", "Finds pictures like yours in a gallery whose server sees neither");
  remote_search_options().add_to(verb, args->request);
  verb.add_option("--out", args->out, "A folder for a sheet of what is found, and each picture (PNG)")->group(kOutput);
  add_passphrase(verb, args->passphrase, true);
  add_threads(verb, args->request.threads);
  add_server(verb, args->server);
  add_force(verb, args->force);
  add_json(verb, args->json);
  verb.footer("Example:\n  obscura remote search cat.png --keys keys/ --out found/ --server https://example.org:8443");
  verb.callback([args] {
    args->request.sealing = sealing_of(args->passphrase);
    args->command = "obscura remote search" + remote_search_options().echo(args->request);
    run_remote_search(*args);
  });
}

}  // namespace obscura::cli
