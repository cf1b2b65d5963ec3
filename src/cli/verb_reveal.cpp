// `obscura reveal`: the owner's way back from protected images.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "cli/console.h"
#include "cli/learned.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/passphrase_options.h"
#include "cli/verbs.h"
#include "report/text.h"
#include "study/protect/revealing.h"

namespace fs = std::filesystem;

namespace obscura::cli {
namespace {

struct Arguments {
  study::RevealRequest request;
  fs::path learned, plain;
  PassphraseOptions passphrase;
  bool force = false;
  bool json = false;
};

void run_reveal(const Arguments& a) {
  const fs::path &key = a.request.key, &in = a.request.in, &out = a.request.out;
  if (!a.learned.empty()) {
    if (!key.empty() || a.passphrase.given()) {
      throw UsageError("--learned shows what is known without a key: leave out --key and its passphrase");
    }
    return reveal_learned({a.learned, a.plain, in}, {out, a.json, a.force});
  }
  if (!a.plain.empty()) throw UsageError("--plain goes with --learned: --key reveals without originals");
  if (key.empty()) throw UsageError("name the owner's --key, or a network with --learned");
  if (fs::exists(in) && !fs::is_directory(in)) {
    if (out.extension() != ".png") {
      throw UsageError("a revealed image is a .png file: name it so, not " + out.string());
    }
    check_outputs({{out, study::FileKind::png}}, {in, key}, a.force);
  }
  study::RevealRequest request = a.request;
  request.progress = !a.json;
  request.sealing = sealing_of(a.passphrase);
  const auto done = study::reveal_pictures(request);
  if (a.json) return print_json(study::reveal_json(request, done));
  std::printf("%zu images revealed in %s: %s, %.0f a second\n", done.images, out.c_str(),
              report::duration_text(done.seconds).c_str(), done.images_per_second());
  std::printf("%s: %s\n", done.shield->name().c_str(), done.shield->promise().c_str());
}

}  // namespace

void add_reveal_verb(CLI::App& verb) {
  auto a = std::make_shared<Arguments>();
  verb.add_option("--key", a->request.key, "The key they were protected with")->group(kFiles);
  verb.add_option("--learned", a->learned,
                  "Without a key: what the adaptation of this trained network (.safetensors) makes of them")
      ->group(kFiles);
  verb.add_option("--plain", a->plain, "--learned: folder of the originals, to judge by")->group(kFiles);
  verb.add_option("in", a->request.in, "A protected image, or a folder of them")->required()->group(kFiles);
  verb.add_option("out", a->request.out, "Where the images go: a PNG file, or a folder")->required()->group(kFiles);
  add_passphrase(verb, a->passphrase);
  add_threads(verb, a->request.threads);
  add_force(verb, a->force);
  add_json(verb, a->json);
  verb.callback([a] { run_reveal(*a); });
}

}  // namespace obscura::cli
