// `obscura protect`: images become pictures that a network can still learn from, and people cannot read.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/error.h"
#include "cli/console.h"
#include "cli/learned.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/picture_options.h"
#include "cli/verbs.h"
#include "report/text.h"
#include "study/protect/protection.h"

namespace fs = std::filesystem;

namespace obscura::cli {
namespace {

/// What reads an option: pictures of any kind, those of a data set alone.
enum ProtectMode { kProtectsPictures = 1, kProtectsSet = 2 };

struct ProtectArguments {
  study::ProtectionRequest request;
  fs::path model;
  std::vector<std::string> paths;
  std::string split = "test";
  bool no_view = false;
  bool force = false;
  bool json = false;
};

OptionTable<study::ProtectionRequest> request_options() {
  using V = study::ProtectionRequest;
  OptionTable<V> t;
  auto key = key_options();
  key.row("--key").required();
  t.part(key, &V::key);
  t.group(kRun);
  t.flag("--per-image", &V::per_image, "A key an image, derived from the key and a nonce in the protected file");
  t.value("--batch", &V::batch, "Images that are protected together, for a key with --statistics batch")
      .check(whole_number())
      .shows_default()
      .only(kProtectsPictures);
  t.flag("--colour", &V::colour, "Make grey images colour images, for shields that take no others")
      .only(kProtectsPictures);
  t.group(kFiles);
  t.value("--dataset", &V::dataset, "A data set instead of a folder; images go to CLASS/NUMBER");
  t.value("--limit", &V::limit, "The data set's first so many images only").check(whole_number()).only(kProtectsSet);
  t.value("--data", &V::data, "Folder that holds the data sets");
  return t;
}

const OptionTable<ProtectArguments>& protect_options() {
  using V = ProtectArguments;
  static const OptionTable<V> table = [] {
    OptionTable<V> t;
    t.part(request_options(), &V::request);
    t.group(kFiles);
    t.other("paths", [](CLI::App& verb, V& values) {
      return verb
          .add_option("paths", values.paths, "An image or a folder of images, and where its protected form goes")
          ->expected(1, 2)
          ->required();
    });
    t.value("--model", &V::model,
            "Instead of images, a trained network that reads patches (.safetensors): it takes in the key, and reads "
            "protected images with the same answers");
    t.value("--split", &V::split, "train, validation or test").shows_default().only(kProtectsSet);
    t.group(kOutput);
    t.flag("--no-view", &V::no_view, "Leave out the .view.png that is written beside each .shield file")
        .only(kProtectsPictures);
    return t;
  }();
  return table;
}

/// What reading lost stays lost.
void print_notes(const std::vector<std::string>& lines) {
  for (const std::string& line : lines) note(line);
  if (!lines.empty()) note("reveal gives back what was read, and does not undo what these notes say");
}

void protect_network(const ProtectArguments& a, const CLI::App& verb) {
  if (a.paths.size() != 1 || !a.request.dataset.empty()) {
    throw UsageError("with --model, name one file: the network to write");
  }
  if (a.request.per_image) throw UsageError("a network takes in one key for all images: leave out --per-image");
  for (const int mode : {kProtectsPictures, kProtectsSet}) {
    protect_options().refuse(verb, mode, "is for images, and changes nothing with --model");
  }
  protect_model(a.model, a.request.key, a.request.data, {a.paths.front(), a.json, a.force});
}

study::ProtectionRequest request_of(const ProtectArguments& a) {
  const bool from_set = !a.request.dataset.empty();
  if (a.paths.size() != (from_set ? 1 : 2)) {
    throw UsageError(from_set ? "with --dataset, name one folder: where protected images go"
                              : "name what is to be protected, and where to put it");
  }
  study::ProtectionRequest request = a.request;
  if (!from_set) request.in = a.paths.front();
  request.out = a.paths.back();
  request.split = image::parse_split(a.split);
  request.views = !a.no_view;
  request.progress = !a.json;
  request.note = notes();
  request.check = [&a](const fs::path& file, const fs::path& view) {
    check_outputs({{file, study::FileKind::protected_picture}, {view, study::FileKind::png}},
                  {a.paths.front(), a.request.key.file}, a.force);
  };
  return request;
}

void protect(const ProtectArguments& a, const CLI::App& verb) {
  const auto request = request_of(a);
  if (request.dataset.empty()) protect_options().refuse(verb, kProtectsSet, "is for a data set: --dataset names one");
  const auto done = study::protect_pictures(request);
  print_notes(done.notes);
  if (a.json) return print_json(study::protection_json(request, done));
  std::printf("%zu images protected in %s: %s, %.0f a second, %s\n", done.images, request.out.c_str(),
              report::duration_text(done.seconds).c_str(), done.images_per_second(),
              report::bytes_text(done.bytes).c_str());
  std::printf("%s, blocks of %zu, %s: %s\n", done.shield->name().c_str(), done.shield->block(),
              request.per_image ? "a key an image" : "one key for all images", done.shield->promise().c_str());
}

}  // namespace

void add_protect_verb(CLI::App& verb) {
  const auto args = std::make_shared<ProtectArguments>();
  protect_options().add_to(verb, *args);
  add_threads(verb, args->request.threads);
  add_force(verb, args->force);
  add_json(verb, args->json);
  verb.callback([args, &verb] {
    if (args->model.empty()) {
      protect(*args, verb);
    } else {
      protect_network(*args, verb);
    }
  });
}

}  // namespace obscura::cli
