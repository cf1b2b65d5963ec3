#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/console.h"
#include "cli/data/data_verbs.h"
#include "cli/options.h"
#include "cli/output.h"
#include "image/dataset.h"
#include "image/image.h"
#include "study/images/dataset_splits.h"

namespace fs = std::filesystem;

namespace obscura::cli {
namespace {

using nlohmann::ordered_json;

struct ShowArguments {
  std::string set;
  fs::path data;
  std::string split;
  fs::path out;
  std::size_t limit = 0;
  std::size_t per_class = 12;
  bool transforms = false;
  bool force = false;
  bool json = false;
};

ordered_json show_json(const std::vector<study::FoundSplit>& shown, const image::Dataset& set, const fs::path& out) {
  ordered_json splits;
  for (const study::FoundSplit& s : shown) {
    ordered_json& one = splits[image::to_string(s.split)];
    if (s.set) {
      one = {{"images", s.set->count}, {"per_class", image::class_histogram(*s.set)}};
    } else {
      one = {{"images", 0}, {"missing", s.missing}};
    }
  }
  return {{"dataset", set.name}, {"classes", set.classes}, {"channels", set.channels},     {"height", set.height},
          {"width", set.width},  {"splits", splits},       {"contact_sheet", out.string()}};
}

/// A row a class, with a bar as long as the class is large.
void print_histogram(const std::vector<study::FoundSplit>& shown, const image::Dataset& set) {
  std::size_t widest = 5, largest = 1;
  for (const std::string& name : set.classes) widest = std::max(widest, name.size());
  std::vector<std::vector<std::size_t>> counts;
  std::printf("  %-*s", static_cast<int>(widest), "class");
  for (const study::FoundSplit& s : shown) {
    if (!s.set) continue;
    std::printf("  %8s", image::to_string(s.split).c_str());
    counts.push_back(image::class_histogram(*s.set));
    for (const std::size_t n : counts.back()) largest = std::max(largest, n);
  }
  std::printf("\n");
  for (std::size_t c = 0; c < set.classes.size(); ++c) {
    std::printf("  %-*s", static_cast<int>(widest), set.classes[c].c_str());
    for (const auto& column : counts) std::printf("  %8zu", column[c]);
    std::printf("  %s\n", std::string(30 * counts[0][c] / largest, '#').c_str());
  }
}

void print_show(const std::vector<study::FoundSplit>& shown, const image::Dataset& set, const fs::path& out) {
  std::printf("%s: %zu classes, %zux%zu pixels, %s\n", set.name.c_str(), set.classes.size(), set.width, set.height,
              set.channels == 1 ? "grey" : "colour");
  for (const study::FoundSplit& s : shown) {
    if (s.set) {
      std::printf("  %-5s  %zu images\n", image::to_string(s.split).c_str(), s.set->count);
    } else {
      std::printf("  %-5s  not here: %s\n", image::to_string(s.split).c_str(), s.missing.c_str());
    }
  }
  print_histogram(shown, set);
  std::printf("contact sheet: %s\n", out.c_str());
}

void run_show(const ShowArguments& a) {
  if (!a.out.empty()) check_outputs({{a.out, study::FileKind::png}}, {a.set}, a.force);
  const auto shown = study::load_splits(a.set, a.data, a.split, a.limit, notes());
  const image::Dataset& set = study::pictured(shown);
  const fs::path out = a.out.empty() ? fs::path(set.name + ".png") : a.out;
  check_outputs({{out, study::FileKind::png}}, {a.set}, a.force);
  image::write_png(out, a.transforms ? image::transform_sheet(set) : image::contact_sheet(set, a.per_class));
  if (a.json) {
    print_json(show_json(shown, set, out));
  } else {
    print_show(shown, set, out);
  }
}

}  // namespace

void add_show(CLI::App& data) {
  auto a = std::make_shared<ShowArguments>();
  CLI::App* verb = data.add_subcommand("show", "Counts, classes, shape, and a contact sheet PNG");
  verb->add_option("set", a->set,
                   std::string("Data set: ") + kSets + ", kmnist-split, samples, or a folder (subfolder = class)")
      ->required();
  verb->add_option("--data", a->data, kDataHelp);
  verb->add_option("--split", a->split, "train, validation or test only (default: all there are)");
  verb->add_option("--out", a->out, "Contact sheet to write (default: <set>.png)");
  verb->add_option("--limit", a->limit, "Look at the first so many images only")->check(whole_number());
  auto* per_class = verb->add_option("--per-class", a->per_class, "Images a class on the contact sheet")
                        ->check(whole_number())
                        ->capture_default_str()
                        ->check(CLI::Range(1, 100));
  verb->add_flag("--transforms", a->transforms,
                 "Show on the sheet what train --augment one-of-eight does to six of the images")
      ->excludes(per_class);
  add_force(*verb, a->force);
  verb->add_flag("--json", a->json, "Print one JSON object");
  verb->callback([a] { run_show(*a); });
}

}  // namespace obscura::cli
