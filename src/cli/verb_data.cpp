#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "base/progress.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/picture_folder.h"
#include "cli/support.h"
#include "cli/verbs.h"
#include "image/dataset.h"
#include "image/digits.h"
#include "image/fetch.h"
#include "image/image.h"

namespace fs = std::filesystem;

namespace obscura::cli {
namespace {

using nlohmann::ordered_json;

constexpr const char* kSets = "mnist, fashion-mnist, kmnist, cifar-10 or neu-cls";
constexpr const char* kDataHelp =
    "Folder that holds the data sets (default: $OBSCURA_DATA, else the cache where fetch puts them)";

void print(const ordered_json& value) {
  std::printf("%s\n", value.dump(2).c_str());
}

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
  if (!a.out.empty()) check_outputs({{a.out, FileKind::png}}, {a.set}, a.force);
  const auto shown = load_splits(a);
  const image::Dataset& set = pictured(shown);
  const fs::path out = a.out.empty() ? fs::path(set.name + ".png") : a.out;
  check_outputs({{out, FileKind::png}}, {a.set}, a.force);
  image::write_png(out, image::contact_sheet(set, a.per_class));
  if (a.json) {
    print(show_json(shown, set, out));
  } else {
    print_show(shown, set, out);
  }
}

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

struct FetchArguments {
  image::FetchRequest request;
  bool json = false;
};

void run_fetch(FetchArguments a) {
  a.request.say = [](const std::string& line) { std::fprintf(stderr, "%s\n", line.c_str()); };
  const auto files = image::fetch_dataset(a.request);
  const fs::path folder = files.front().parent_path();
  if (a.json) {
    ordered_json names = ordered_json::array();
    for (const fs::path& file : files) names.push_back(file.filename().string());
    print({{"dataset", a.request.name}, {"folder", folder.string()}, {"files", names}});
  } else {
    std::printf("%s: %zu files in %s\n", a.request.name.c_str(), files.size(), folder.c_str());
  }
}

void add_fetch(CLI::App& data) {
  auto a = std::make_shared<FetchArguments>();
  CLI::App* verb = data.add_subcommand("fetch", "Download a data set from its official mirrors, checksums verified");
  verb->add_option("set", a->request.name, std::string("Data set: ") + kSets)->required();
  verb->add_option("--from", a->request.from, "Take the files from this folder: for a machine without internet");
  verb->add_option("--to", a->request.to, "Data folder to fill (default: ~/.cache/obscura/data)");
  verb->add_option("--mirror", a->request.mirror,
                   "Another base address to download from, https or file (checksums still hold)");
  verb->add_flag("--json", a->json, "Print one JSON object");
  verb->callback([a] { run_fetch(*a); });
}

struct CheckArguments {
  std::string set;
  fs::path data;
  bool json = false;
};

void print_check(const image::CheckReport& report) {
  constexpr std::size_t kMaxLines = 20;  // NEU-CLS has 1,800 files
  std::size_t lines = 0, good = 0;
  for (const auto& file : report.files) {
    const bool fine = file.state == image::FileState::good;
    good += fine ? 1 : 0;
    if ((fine && report.files.size() > kMaxLines) || ++lines > kMaxLines) continue;
    std::printf("  %-7s  %s%s%s\n", image::to_string(file.state).c_str(), file.path.filename().c_str(),
                file.problem.empty() ? "" : ": ", file.problem.c_str());
  }
  std::printf("%s: %zu of %zu files good in %s\n", report.name.c_str(), good, report.files.size(),
              report.folder.c_str());
}

ordered_json check_json(const image::CheckReport& report) {
  ordered_json files = ordered_json::array();
  for (const auto& file : report.files) {
    files.push_back(
        {{"name", file.path.filename().string()}, {"state", image::to_string(file.state)}, {"problem", file.problem}});
  }
  return {
      {"dataset", report.name}, {"folder", report.folder.string()}, {"complete", report.complete()}, {"files", files}};
}

void run_check(const CheckArguments& a) {
  const image::CheckReport report = image::check_dataset(a.set, a.data);
  if (a.json) {
    print(check_json(report));
  } else {
    print_check(report);
  }
  if (report.complete()) return;
  const auto bad = std::find_if(report.files.begin(), report.files.end(),
                                [](const auto& f) { return f.state != image::FileState::good; });
  throw FormatError(a.set + " is not whole: " + bad->path.string() + " is " + image::to_string(bad->state) +
                    " (obscura data fetch " + a.set + ")");
}

void add_check(CLI::App& data) {
  auto a = std::make_shared<CheckArguments>();
  CLI::App* verb =
      data.add_subcommand("check", "Verify a data set on disk by sizes and checksums (exit 1 if not whole)");
  verb->add_option("set", a->set, std::string("Data set: ") + kSets)->required();
  verb->add_option("--data", a->data, kDataHelp);
  verb->add_flag("--json", a->json, "Print one JSON object");
  verb->callback([a] { run_check(*a); });
}

struct DrawArguments {
  fs::path out;
  std::size_t count = 20;
  std::uint64_t seed = 0;
  bool force = false;
  bool json = false;
};

/// Image n is digit n % 10, named <digit>-<n / 10>.png: with seed 0 the first so many of the set `samples`.
void run_draw(const DrawArguments& a) {
  std::error_code ec;
  // Between files that are there already only if asked for: else all of them appear at once.
  std::optional<StagedFolder> staged;
  if (!a.force) staged.emplace(a.out);
  if (a.force) fs::create_directories(a.out, ec);
  if (ec) throw IoError("cannot make the folder " + a.out.string() + ": " + ec.message());
  Progress progress("drawing", a.count, "digits", !a.json);
  ordered_json files = ordered_json::array();
  for (std::size_t n = 0; n < a.count; ++n) {
    const std::string name = std::to_string(n % 10) + "-" + std::to_string(n / 10) + ".png";
    const auto png = image::encode_png(image::draw_digit(static_cast<int>(n % 10), a.seed + n / 10));
    if (staged) {
      staged->put(name, png);
    } else {
      check_outputs({{a.out / name, FileKind::png}}, {}, false);
      write_file(a.out / name, png);
    }
    files.push_back(name);
    progress.advance();
  }
  if (staged) staged->commit();
  if (a.json) {
    print({{"folder", a.out.string()}, {"count", a.count}, {"seed", a.seed}, {"files", files}});
  } else {
    std::printf("%zu digits drawn in %s\n", a.count, a.out.c_str());
  }
}

void add_draw(CLI::App& data) {
  auto a = std::make_shared<DrawArguments>();
  CLI::App* verb = data.add_subcommand("draw-digits", "Draw handwritten-looking digits as 28x28 PNGs");
  verb->add_option("--out", a->out, "Folder to write <digit>-<number>.png into")->required();
  verb->add_option("--count", a->count, "How many, 0 to 9 in turn")
      ->check(whole_number())
      ->capture_default_str()
      ->check(CLI::Range(1, 1000000));
  verb->add_option("--seed", a->seed, "The same seed draws the same digits")
      ->check(whole_number())
      ->capture_default_str();
  verb->add_flag("--force", a->force, "Draw into a folder with files in it; PNGs of the same names are replaced");
  verb->add_flag("--json", a->json, "Print one JSON object");
  verb->callback([a] { run_draw(*a); });
}

}  // namespace

void add_data_verb(CLI::App& app) {
  CLI::App* data = add_verb(app, "data");
  data->require_subcommand(1);
  add_show(*data);
  add_fetch(*data);
  add_check(*data);
  add_draw(*data);
}

}  // namespace obscura::cli
