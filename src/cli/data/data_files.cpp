#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "base/error.h"
#include "cli/console.h"
#include "cli/data/data_verbs.h"
#include "cli/options.h"
#include "image/fetch.h"

namespace fs = std::filesystem;

namespace obscura::cli {
namespace {

using nlohmann::ordered_json;

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
    print_json({{"dataset", a.request.name}, {"folder", folder.string()}, {"files", names}});
  } else {
    std::printf("%s: %zu files in %s\n", a.request.name.c_str(), files.size(), folder.c_str());
  }
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
    print_json(check_json(report));
  } else {
    print_check(report);
  }
  if (report.complete()) return;
  const auto bad = std::find_if(report.files.begin(), report.files.end(),
                                [](const auto& f) { return f.state != image::FileState::good; });
  throw FormatError(a.set + " is not whole: " + bad->path.string() + " is " + image::to_string(bad->state) +
                    " (obscura data fetch " + a.set + ")");
}

}  // namespace

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

void add_check(CLI::App& data) {
  auto a = std::make_shared<CheckArguments>();
  CLI::App* verb =
      data.add_subcommand("check", "Verify a data set on disk by sizes and checksums (exit 1 if not whole)");
  verb->add_option("set", a->set, std::string("Data set: ") + kSets)->required();
  verb->add_option("--data", a->data, kDataHelp);
  verb->add_flag("--json", a->json, "Print one JSON object");
  verb->callback([a] { run_check(*a); });
}

}  // namespace obscura::cli
