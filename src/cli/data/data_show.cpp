#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/error.h"
#include "cli/console.h"
#include "cli/data/data_verbs.h"
#include "cli/options.h"
#include "cli/output.h"
#include "image/dataset.h"
#include "image/image.h"

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
  bool force = false;
  bool json = false;
};

/// One split as it was found: loaded, or why not.
struct ShownSplit {
  image::Split split;
  std::optional<image::Dataset> set;
  std::string missing;
};

std::vector<ShownSplit> load_splits(const ShowArguments& a) {
  std::vector<image::Split> wanted;
  for (const image::Split split : {image::Split::train, image::Split::validation, image::Split::test}) {
    if (image::has_split(a.set, split)) wanted.push_back(split);
  }
  if (!a.split.empty()) wanted = {image::parse_split(a.split)};
  std::vector<ShownSplit> shown;
  std::set<std::string> said;
  for (const image::Split split : wanted) {
    try {
      shown.push_back({split, image::load_dataset(a.set, split, a.data, a.limit), ""});
      for (const auto& line : shown.back().set->notes) {
        if (said.insert(line).second) note(line);
      }
    } catch (const IoError& e) {
      // A set may lawfully be here in part (KMNIST's test images only); with nothing at all it is an error.
      shown.push_back({split, std::nullopt, e.what()});
    }
  }
  const auto there = [](const ShownSplit& s) { return s.set.has_value(); };
  if (std::none_of(shown.begin(), shown.end(), there)) throw IoError(shown.back().missing);
  return shown;
}

/// The set whose pictures are shown: the test images if they are there.
const image::Dataset& pictured(const std::vector<ShownSplit>& shown) {
  const auto last = std::find_if(shown.rbegin(), shown.rend(), [](const ShownSplit& s) { return s.set.has_value(); });
  return *last->set;
}

ordered_json show_json(const std::vector<ShownSplit>& shown, const image::Dataset& set, const fs::path& out) {
  ordered_json splits;
  for (const ShownSplit& s : shown) {
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
void print_histogram(const std::vector<ShownSplit>& shown, const image::Dataset& set) {
  std::size_t widest = 5, largest = 1;
  for (const std::string& name : set.classes) widest = std::max(widest, name.size());
  std::vector<std::vector<std::size_t>> counts;
  std::printf("  %-*s", static_cast<int>(widest), "class");
  for (const ShownSplit& s : shown) {
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

void print_show(const std::vector<ShownSplit>& shown, const image::Dataset& set, const fs::path& out) {
  std::printf("%s: %zu classes, %zux%zu pixels, %s\n", set.name.c_str(), set.classes.size(), set.width, set.height,
              set.channels == 1 ? "grey" : "colour");
  for (const ShownSplit& s : shown) {
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
  const auto shown = load_splits(a);
  const image::Dataset& set = pictured(shown);
  const fs::path out = a.out.empty() ? fs::path(set.name + ".png") : a.out;
  check_outputs({{out, study::FileKind::png}}, {a.set}, a.force);
  image::write_png(out, image::contact_sheet(set, a.per_class));
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
  verb->add_option("--per-class", a->per_class, "Images a class on the contact sheet")
      ->check(whole_number())
      ->capture_default_str()
      ->check(CLI::Range(1, 100));
  add_force(*verb, a->force);
  verb->add_flag("--json", a->json, "Print one JSON object");
  verb->callback([a] { run_show(*a); });
}

}  // namespace obscura::cli
