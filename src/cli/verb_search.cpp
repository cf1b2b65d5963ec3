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
#include "cli/output.h"
#include "cli/picture_options.h"
#include "cli/search_files_verbs.h"
#include "cli/verbs.h"
#include "image/image.h"
#include "report/text.h"
#include "study/search/search.h"

namespace fs = std::filesystem;

namespace obscura::cli {
namespace {

/// More are no help to anybody who looks at them.
constexpr std::size_t kMostFound = 1000;

struct SearchArguments {
  study::SearchRequest request;
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

std::vector<fs::path> files_of(const SearchArguments& a) {
  if (a.out.empty()) return {};
  std::vector<fs::path> files = {a.out / "sheet.png"};
  for (std::size_t i = 1; i <= a.request.top; ++i) files.push_back(a.out / fmt::format("{}.png", i));
  return files;
}

void make_folder(const SearchArguments& a) {
  if (a.out.empty()) return;
  std::error_code ec;
  fs::create_directories(a.out, ec);
  if (!fs::is_directory(a.out)) throw IoError("cannot make the folder " + a.out.string() + " for what is found");
  std::vector<Output> outputs;
  for (const auto& file : files_of(a)) outputs.push_back({file, study::FileKind::png});
  check_outputs(outputs, {a.request.picture, a.request.network}, a.force);
}

void write_found(const SearchArguments& a, const study::SearchResult& result) {
  const auto files = files_of(a);
  if (files.empty()) return;
  image::write_png(files[0], study::search_sheet(result));
  for (std::size_t i = 0; i < result.hits.size(); ++i) image::write_png(files[i + 1], result.hits[i].image.thumbnail);
}

void print_result(const SearchArguments& a, const study::SearchResult& result) {
  using report::bytes_text;
  fmt::print("nearest of {} images, by {}\n", result.images,
             result.distance == search::Distance::hamming ? "the Hamming distance of codes" : "the cosine of vectors");
  for (std::size_t i = 0; i < result.hits.size(); ++i) {
    const auto& hit = result.hits[i];
    fmt::print("  {:>2}  distance {:.4f}  {:<14} {} (place {})\n", i + 1, hit.distance,
               hit.class_name.empty() ? "-" : hit.class_name, hit.image.name, hit.place);
  }
  for (std::size_t i = 0; i < result.steps.size(); ++i) {
    const auto& step = result.steps[i];
    fmt::print("step {:>2}  {} {}{}\n         can be read: {}\n", i + 1, step.side, step.what,
               step.seconds > 0 ? fmt::format(" ({:.2f} ms)", 1e3 * step.seconds) : "", step.readable);
  }
  fmt::print("the server saw\n");
  for (const std::string& line : result.server_saw) fmt::print("  {}\n", line);
  fmt::print("query    {} up, {} back", bytes_text(result.bytes.query), bytes_text(result.bytes.reply));
  if (result.bytes.keys > 0) fmt::print("; keys {}, once", bytes_text(result.bytes.keys));
  fmt::print("\nimages   {} in all", bytes_text(result.bytes.fetch));
  if (result.bytes.hint > 0) fmt::print("; hint {}, once", bytes_text(result.bytes.hint));
  fmt::print(
      "\ntime     {:.0f} ms at the client, {:.0f} ms at the server; {:.1f} s to make gallery, keys and hint ready\n",
      1e3 * result.seconds.client, 1e3 * result.seconds.server, result.seconds.prepare);
  if (!a.out.empty()) fmt::print("pictures {}\n", (a.out / "sheet.png").string());
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
  make_folder(a);
  const auto result = study::search_gallery(a.request, notes());
  write_found(a, result);
  if (a.json) return print_json(study::search_json(result, "obscura search" + search_options().echo(a.request)));
  print_result(a, result);
}

}  // namespace

void add_search_verb(CLI::App& verb) {
  const auto args = std::make_shared<SearchArguments>();
  search_options().add_to(verb, args->request);
  verb.add_option("--out", args->out, "A folder for a sheet of what is found, and each picture (PNG)")->group(kOutput);
  add_threads(verb, args->request.threads);
  add_force(verb, args->force);
  add_json(verb, args->json);
  verb.footer("Example:\n  obscura search cat.png --gallery gallery/ --network models/embed-cifar10.onnx --out found/");
  add_search_files(verb);
  verb.callback([args, &verb] {
    if (verb.get_subcommands().empty()) run_search(*args);
  });
}

}  // namespace obscura::cli
