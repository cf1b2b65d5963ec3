// `obscura index`: pictures, their vectors and thumbnails into a gallery that can be searched.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/console.h"
#include "cli/option_table.h"
#include "cli/options.h"
#include "cli/verbs.h"
#include "report/text.h"
#include "study/search/index.h"

namespace obscura::cli {
namespace {

struct IndexArguments {
  study::IndexRequest request;
  bool json = false;
};

const OptionTable<study::IndexRequest>& index_options() {
  using V = study::IndexRequest;
  static const OptionTable<V> table = [] {
    OptionTable<V> t;
    t.group(kFiles);
    t.value("--dataset", &V::dataset,
            "A data set, or a folder of pictures with a folder a class: its training pictures")
        .required();
    t.value("--data", &V::data, "Folder that holds the data sets").echo(Echo::never);
    t.value("--network", &V::network, "The network that vectors are made by (ONNX)").required().echo(Echo::file_name);
    t.value("--out", &V::out, "The gallery: a folder").required().echo(Echo::file_name);
    t.group(kRun);
    t.value("--vectors", &V::vectors,
            "classes: square roots of the probabilities of the network's classes; output: what it says (default: what "
            "the network suits)");
    t.value("--fit", &V::fit, "How pictures of other proportions are made to fit: stretch, crop or letterbox");
    t.value("--limit", &V::limit, "The first so many pictures; 0: all").check(whole_number());
    return t;
  }();
  return table;
}

void run_index(const IndexArguments& a) {
  const auto indexed = study::index_gallery(a.request, notes(), !a.json);
  const std::string command = "obscura index" + index_options().echo(a.request);
  if (a.json) return print_json(study::indexed_json(indexed, command));
  fmt::print("gallery  {}, version {}\n", indexed.state.id, indexed.state.version);
  fmt::print("images   {} of {}, {} added in {}\n", indexed.state.images, indexed.form.source, indexed.added,
             report::span_text(indexed.seconds));
  fmt::print("vectors  {} numbers of length 1, from the network's {}\n", indexed.form.dimension, indexed.form.recipe);
  fmt::print("size     {}\n", report::bytes_text(static_cast<std::size_t>(indexed.bytes)));
}

}  // namespace

void add_index_verb(CLI::App& verb) {
  const auto args = std::make_shared<IndexArguments>();
  index_options().add_to(verb, args->request);
  add_json(verb, args->json);
  verb.footer("Example:\n  obscura index --dataset cifar-10 --network models/obscura-m-cifar10.onnx --out gallery/");
  verb.callback([args] { run_index(*args); });
}

}  // namespace obscura::cli
