// `obscura index`: pictures, their vectors and thumbnails into a gallery that can be searched.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/error.h"
#include "cli/console.h"
#include "cli/option_table.h"
#include "cli/options.h"
#include "cli/passphrase_options.h"
#include "cli/verbs.h"
#include "report/text.h"
#include "study/search/encrypted.h"
#include "study/search/index.h"

namespace obscura::cli {
namespace {

struct IndexArguments {
  study::IndexRequest request;
  std::vector<std::string> remove;
  std::filesystem::path encrypted, secret;
  PassphraseOptions passphrase;
  std::size_t threads = 0;
  bool json = false;
};

const OptionTable<study::FeatureWishes>& feature_options() {
  using V = study::FeatureWishes;
  static const OptionTable<V> table = [] {
    OptionTable<V> t;
    t.group(kRun);
    t.value("--features", &V::features,
            "So many of the numbers, selected by a random forest over the classes; each becomes a bit, by its median")
        .check(whole_number());
    t.value("--impurity", &V::impurity, "Of that forest: gini or entropy (default: gini)");
    t.flag("--codes", &V::codes, "Bits instead of numbers: by the sign of output, by the median of the others");
    return t;
  }();
  return table;
}

const OptionTable<study::IndexRequest>& index_options() {
  using V = study::IndexRequest;
  static const OptionTable<V> table = [] {
    OptionTable<V> t;
    t.group(kFiles);
    t.value("--dataset", &V::dataset,
            "A data set, or a folder of pictures with a folder a class: its training pictures");
    t.value("--data", &V::data, "Folder that holds the data sets").echo(Echo::never);
    t.value("--network", &V::network, "The network that vectors are made by (ONNX)").echo(Echo::file_name);
    t.value("--out", &V::out, "The gallery: a folder").required().echo(Echo::file_name);
    t.group(kRun);
    t.value("--vectors", &V::vectors,
            "classes: square roots of the probabilities of the network's classes; output: what it says; features: what "
            "enters its last dense layer (default: classes or output, what the network suits)");
    t.part(feature_options(), &V::features);
    t.value("--fit", &V::fit, "How pictures of other proportions are made to fit: stretch, crop or letterbox");
    t.value("--limit", &V::limit, "The first so many pictures; 0: all").check(whole_number());
    return t;
  }();
  return table;
}

std::string kind_text(const search::GalleryForm& form) {
  const bool selected = !form.selection.columns.empty();
  const std::string from =
      selected ? fmt::format("{} of the network's {} {}", form.dimension, form.selection.features, form.recipe)
               : "the network's " + form.recipe;
  return form.kind == search::VectorKind::code ? fmt::format("codes of {} bits, from {}", form.dimension, from)
                                               : fmt::format("{} numbers of length 1, from {}", form.dimension, from);
}

void run_index(const IndexArguments& a) {
  if (a.request.dataset.empty()) throw UsageError("--dataset is required");
  if (a.request.network.empty()) throw UsageError("--network is required");
  const auto indexed = study::index_gallery(a.request, notes(), !a.json);
  const std::string command = "obscura index" + index_options().echo(a.request);
  if (a.json) return print_json(study::indexed_json(indexed, command));
  fmt::print("gallery  {}, version {}\n", indexed.state.id, indexed.state.version);
  fmt::print("images   {} of {}, {} added in {}\n", indexed.state.images, indexed.form.source, indexed.added,
             report::span_text(indexed.seconds));
  fmt::print("vectors  {}\n", kind_text(indexed.form));
  if (!indexed.form.selection.method.empty()) {
    fmt::print("selected {}, over {} images\n", indexed.form.selection.method, indexed.form.selection.pictures);
  }
  fmt::print("size     {}\n", report::bytes_text(static_cast<std::size_t>(indexed.bytes)));
}

/// What would add pictures has no place beside what does something else with a gallery.
void refuse_beside(const CLI::App& verb, const std::string& option) {
  if (option == "--encrypt") refuse_typed(verb, {"--remove"}, "is not for --encrypt: one after the other");
  refuse_typed(
      verb,
      {"--dataset", "--data", "--network", "--vectors", "--features", "--impurity", "--codes", "--fit", "--limit"},
      "is for adding images, not for " + option);
}

void run_remove(const IndexArguments& a) {
  const auto removed = study::remove_images(a.request.out, a.remove);
  const std::string command =
      fmt::format("obscura index{} --remove {}", index_options().echo(a.request), fmt::join(a.remove, ","));
  if (a.json) return print_json(study::removed_json(removed, command));
  fmt::print("gallery  {}, version {}\n", removed.state.id, removed.state.version);
  fmt::print("images   {}, {} removed\n", removed.state.images, removed.removed);
}

void run_encrypt(const IndexArguments& a) {
  if (a.secret.empty()) throw UsageError("--secret is required with --encrypt: a folder that the server never gets");
  const auto made = study::encrypt_gallery(a.request.out, a.secret, a.encrypted, sealing_of(a.passphrase), a.threads);
  if (a.json) {
    return print_json(nlohmann::ordered_json{{"gallery", made.state.id},
                                             {"gallery_version", made.state.version},
                                             {"images", made.state.images},
                                             {"blocks", made.blocks},
                                             {"encrypted", made.encrypted},
                                             {"bytes", made.bytes},
                                             {"seconds", made.seconds}});
  }
  fmt::print("gallery   {}, version {}, {} images\n", made.state.id, made.state.version, made.state.images);
  fmt::print("encrypted {} of {} blocks in {}, {} for the server in {}\n", made.encrypted, made.blocks,
             report::span_text(made.seconds), report::bytes_text(static_cast<std::size_t>(made.bytes)),
             a.encrypted.string());
  fmt::print("{} stays here: its key reads scores\n", a.secret.string());
}

}  // namespace

void add_index_verb(CLI::App& verb) {
  const auto args = std::make_shared<IndexArguments>();
  index_options().add_to(verb, args->request);
  verb.add_option("--remove", args->remove, "Remove the images in these places, PLACE,..., instead of adding any")
      ->delimiter(',')
      ->group(kRun);
  verb.add_option("--encrypt", args->encrypted,
                  "Encrypt the vectors of the gallery into this folder, for a server that is not to see them, either")
      ->group(kRun);
  verb.add_option("--secret", args->secret, "With --encrypt: the owner's folder, where the key is (made if need be)")
      ->group(kRun);
  add_passphrase(verb, args->passphrase, true);
  add_threads(verb, args->threads);
  add_json(verb, args->json);
  verb.footer(
      "Examples:\n  obscura index --dataset cifar-10 --network models/embed-cifar10.onnx --codes --out gallery/\n"
      "  obscura index --out gallery/ --remove 3,17\n"
      "  obscura index --out gallery/ --encrypt for-the-server/ --secret mine/");
  verb.callback([args, &verb] {
    if (args->encrypted.empty() &&
        (verb.count("--secret") > 0 || verb.count("--threads") > 0 || args->passphrase.given())) {
      throw UsageError("--secret, --threads and passphrases are for --encrypt");
    }
    if (args->remove.empty() && args->encrypted.empty()) return run_index(*args);
    refuse_beside(verb, args->encrypted.empty() ? "--remove" : "--encrypt");
    if (!args->encrypted.empty()) return run_encrypt(*args);
    run_remove(*args);
  });
}

}  // namespace obscura::cli
