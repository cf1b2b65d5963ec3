// `obscura chunks`: what selective encryption would encrypt of a picture, as numbers and drawn over it.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "cli/chunk_options.h"
#include "cli/console.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/verbs.h"
#include "image/image.h"

namespace fs = std::filesystem;

namespace obscura::cli {
namespace {

struct ChunksArguments {
  study::ChunkMapRequest request;
  fs::path out;
  bool force = false;
  bool json = false;
};

OptionTable<study::ChunkMapRequest> map_options() {
  using V = study::ChunkMapRequest;
  OptionTable<V> t;
  t.group(kFiles);
  t.value("picture", &V::picture, "A picture").required();
  t.part(chunk_options(), &V::wishes);
  t.group(kRun);
  t.value("--threshold", &V::threshold, "A chunk is encrypted if its gradient is above this (default: 100)");
  t.flag("--auto-threshold", &V::auto_threshold,
         "Otsu's threshold: from the scores of the picture, or of a data set's training pictures");
  t.group(kFiles);
  t.value("--dataset", &V::dataset, "For --auto-threshold: a data set or a folder of pictures");
  t.value("--data", &V::data, "Folder that holds the data sets");
  return t;
}

void check_wishes(const study::ChunkMapRequest& request) {
  if (request.auto_threshold && request.threshold) {
    throw UsageError("--threshold and --auto-threshold exclude each other: name a threshold or have one chosen");
  }
  if (!request.auto_threshold && !request.dataset.empty()) {
    throw UsageError("--dataset is what --auto-threshold chooses by, and changes nothing without it");
  }
}

void show_chunks(const ChunksArguments& a) {
  check_wishes(a.request);
  check_outputs({{a.out, study::FileKind::png}}, {a.request.picture}, a.force);
  const auto map = study::map_chunks(a.request, notes());
  if (!a.out.empty()) image::write_png(a.out, study::draw_chunk_map(map));
  if (a.json) {
    print_json(study::chunk_map_json(map));
  } else {
    std::fputs(study::chunk_map_text(map).c_str(), stdout);
  }
}

}  // namespace

void add_chunks_verb(CLI::App& verb) {
  const auto args = std::make_shared<ChunksArguments>();
  map_options().add_to(verb, args->request);
  verb.add_option("--out", args->out, "The picture with its chunks drawn over it (PNG)")->group(kOutput);
  add_force(verb, args->force);
  add_json(verb, args->json);
  verb.footer("Example:\n  obscura chunks plate.jpg --threshold 100 --out map.png");
  verb.callback([args] { show_chunks(*args); });
}

}  // namespace obscura::cli
