// `obscura remote classify`: pictures classified by a server that does not see them.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "cli/console.h"
#include "cli/options.h"
#include "cli/passphrase_options.h"
#include "cli/picture_options.h"
#include "cli/remote/remote_verbs.h"
#include "cli/show_decryption.h"
#include "report/text.h"

namespace obscura::cli {
namespace {

struct ClassifyArguments {
  ServerArguments server;
  study::RemoteClassifyRequest request;
  PassphraseOptions passphrase;
  std::size_t top = 3;
  bool json = false;
};

void print_cost(const study::RemoteClassification& done, const std::string& url) {
  using report::bytes_text;
  fmt::print("model {} at {}: {} up, {} down; {:.0f} ms here, {:.0f} ms at the server and on the way{}\n",
             done.model.name, url, bytes_text(done.cost.up), bytes_text(done.cost.down), 1e3 * done.cost.local,
             1e3 * done.cost.server,
             done.keys_made ? "; keys made in " + report::duration_text(done.cost.keys) + ", once" : "");
}

void run_remote_classify(const ClassifyArguments& a) {
  const auto server = connect(a.server);
  const auto done = study::classify_remotely(*server, a.request, notes());
  const auto& d = done.decryption;
  const std::string what = "model " + done.model.name;
  if (d.failed() == d.readings.size()) study::require_answers(d, what);
  if (a.json) {
    print_json(study::remote_classification_json(done, server->address().url, a.top));
  } else {
    show_images(d, a.top);
    print_cost(done, server->address().url);
  }
  for (const auto& line : study::decryption_notes(d, done.keys, "remove that folder")) note(line);
  study::require_answers(d, what);
}

}  // namespace

void add_remote_classify(CLI::App& remote) {
  const auto args = std::make_shared<ClassifyArguments>();
  CLI::App& verb = *remote.add_subcommand("classify", "Classifies pictures at a server that cannot see them");
  verb.add_option("images", args->request.images, "Pictures, or folders of them")->required()->group(kFiles);
  verb.add_option("--keys", args->request.keys,
                  "A folder for your keys: made on first use, for each model's program; all but evaluation.key stay "
                  "in it")
      ->required()
      ->group(kFiles);
  verb.add_option("--model", args->request.model, "Which model; may be left out where there is one")->group(kRun);
  verb.add_option("--top", args->top, "How many classes an image")
      ->check(CLI::Range(1, 65536))
      ->capture_default_str()
      ->group(kOutput);
  fit_options().add_to(verb, args->request.fit);
  add_passphrase(verb, args->passphrase, true);
  add_threads(verb, args->request.threads);
  add_server(verb, args->server);
  add_json(verb, args->json);
  verb.footer("Example:\n  obscura remote classify samples/digits/7-0.png --keys keys/ --server http://127.0.0.1:8080");
  verb.callback([args] {
    args->request.sealing = sealing_of(args->passphrase);
    run_remote_classify(*args);
  });
}

}  // namespace obscura::cli
