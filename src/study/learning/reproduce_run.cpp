#include "study/learning/reproduce_run.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <ctime>
#include <set>

#include "base/error.h"
#include "base/file.h"
#include "base/machine.h"
#include "base/version.h"
#include "image/dataset.h"
#include "image/digest.h"
#include "nn/onnx_read.h"
#include "ring/isa.h"
#include "study/child.h"
#include "study/shipped.h"
#include "train/encrypted/zoo.h"

namespace fs = std::filesystem;

namespace obscura::study {
namespace {

using nlohmann::ordered_json;

/// The folder of networks that ships, unless another is given; empty if there is none.
fs::path models_folder(const fs::path& given) {
  if (!given.empty()) return given;
  try {
    return shipped_network({}).parent_path();
  } catch (const Error&) {
    return {};
  }
}

void make_folder(const fs::path& folder) {
  std::error_code ec;
  fs::create_directories(folder, ec);
  if (!fs::is_directory(folder)) throw IoError("cannot make the folder " + folder.string());
}

/// What an evaluation that is kept or just done must tell.
const std::vector<std::string>& evaluation_numbers() {
  static const std::vector<std::string> numbers = {"images",          "threads",       "encrypted_accuracy",
                                                   "plain_accuracy",  "agreement",     "seconds.total",
                                                   "max_logit_error", "peak_memory_mb"};
  return numbers;
}

/// What an earlier run kept; null if that is nothing, or damaged.
ordered_json read_json(const fs::path& file) {
  const auto bytes = read_file(file);
  return ordered_json::parse(bytes.begin(), bytes.end(), nullptr, false);
}

class Reproduction {
 public:
  explicit Reproduction(const ReproduceOptions& options)
      : o_(options), models_(models_folder(options.models)), made_(o_.out / "models"), rows_(o_.out / "rows") {
    make_folder(made_);
    make_folder(rows_);
  }

  /// Own networks that nobody trained are no rows, unless they are asked for by name.
  bool wanted(const RowPlan& plan) const { return plan.trainable || !o_.only.empty() || !find_network(plan).empty(); }

  report::ReportRow measure(const RowPlan& plan) {
    report::ReportRow row;
    row.key = plan.key, row.title = plan.title, row.model = plan.model, row.dataset = plan.dataset;
    row.summary = train::model_summary(plan.model), row.other_data = plan.other_data;
    try {
      image::load_dataset(plan.dataset, image::Split::test, o_.data, 1);
      const fs::path network = network_of(plan, row);
      row.network = network.string();
      row.digest = image::sha256(read_file(network));
      const auto metadata = nn::read_onnx_metadata(network);
      if (const auto command = metadata.find("command"); command != metadata.end()) row.command = command->second;
      if (plan.single) row.single = evaluate(plan, row, *plan.single, "single");
      if (plan.whole) row.whole = evaluate(plan, row, *plan.whole, "whole");
    } catch (const Error& e) {
      row.problem = e.what();
      if (told_.insert(row.problem).second) o_.note(fmt::format("{}: {}", plan.title, row.problem));
    }
    return row;
  }

 private:
  /// A network that was trained on other images may know the test images of this row.
  bool fits(const RowPlan& plan, const fs::path& file) const {
    if (!o_.dataset.empty()) return true;
    const auto metadata = nn::read_onnx_metadata(file);
    const auto dataset = metadata.find("dataset");
    return dataset == metadata.end() || dataset->second == plan.dataset ||
           (dataset->second == "cifar10" && plan.dataset == "cifar-10");
  }

  fs::path find_network(const RowPlan& plan) const {
    for (const fs::path& folder : {models_, made_}) {
      for (const auto& name : plan.files) {
        if (!folder.empty() && fs::exists(folder / name) && fits(plan, folder / name)) return folder / name;
      }
    }
    return {};
  }

  void add_data(std::vector<std::string>& arguments) const {
    if (o_.data.empty()) return;
    arguments.insert(arguments.end(), {"--data", o_.data.string()});
  }

  fs::path network_of(const RowPlan& plan, report::ReportRow& row) {
    const fs::path found = find_network(plan);
    if (!found.empty()) return found;
    const fs::path out = made_ / plan.files.front();
    std::vector<std::string> train = {"train", "--model", plan.model, "--dataset", plan.dataset, "--out", out.string()};
    if (!plan.trainable) {
      throw IoError(fmt::format("there is no {}: obscura {}", plan.files.front(), fmt::join(train, " ")));
    }
    add_data(train);
    o_.note(fmt::format("training {} on {}", plan.model, plan.dataset));
    const ChildOutcome child = run_child({o_.program, train, {}});
    if (!child.done()) throw Error("could not be trained: " + child.reason());
    if (!fs::exists(out)) throw FormatError("could not be trained: there is no " + out.string());
    row.trained = true;
    return out;
  }

  ordered_json request_of(const RowPlan& plan, const report::ReportRow& row, const RunPlan& run) const {
    return {{"version", kVersion},      {"build", kBuildType},
            {"machine", cpu_model()},   {"isa", std::string(ring::isa_name(ring::selected_isa()))},
            {"network", row.digest},    {"dataset", plan.dataset},
            {"data", o_.data.string()}, {"mode", run.mode},
            {"threads", run.threads},   {"limit", run.limit},
            {"together", run.together}};
  }

  ordered_json evaluate(const RowPlan& plan, const report::ReportRow& row, const RunPlan& run,
                        const std::string& name) {
    const ordered_json request = request_of(plan, row, run);
    const fs::path kept = rows_ / fmt::format("{}-{}.json", plan.key, name);
    if (fs::exists(kept) && !o_.fresh) {
      const ordered_json before = read_json(kept);
      if (before.is_object() && before.contains("request") && before["request"] == request &&
          before.contains("result")) {
        return before["result"];
      }
    }
    ordered_json result = run_evaluation(row, run, scratch_name(plan, request, name));
    write_file(kept, ordered_json{{"request", request}, {"result", result}}.dump(1) + "\n");
    return result;
  }

  /// By the request, so that an interrupted run is continued by the same one only.
  fs::path scratch_name(const RowPlan& plan, const ordered_json& request, const std::string& name) const {
    const std::string text = request.dump();
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
    const auto digest = image::sha256(std::span(bytes, text.size())).substr(0, 8);
    return rows_ / fmt::format("{}-{}-{}.json", plan.key, name, digest);
  }

  ordered_json run_evaluation(const report::ReportRow& row, const RunPlan& run, const fs::path& scratch) const {
    o_.note(fmt::format("{}: classifying {} test images, {}", row.title,
                        run.limit == 0 ? "all" : "the first " + std::to_string(run.limit), run.mode));
    const fs::path partial = scratch.string() + ".partial";
    if (o_.fresh) fs::remove(partial);
    std::vector<std::string> words = {"evaluate",
                                      "--network",
                                      row.network,
                                      "--dataset",
                                      row.dataset,
                                      "--mode",
                                      run.mode,
                                      "--threads",
                                      std::to_string(run.threads),
                                      "--limit",
                                      std::to_string(run.limit),
                                      "--out",
                                      scratch.string(),
                                      "--resume",
                                      partial.string(),
                                      "--json"};
    if (run.together != 0) words.insert(words.end(), {"--together", std::to_string(run.together)});
    add_data(words);
    const std::string what = fmt::format("could not be evaluated, {}", run.mode);
    const ChildOutcome child = run_child({o_.program, words, {}});
    if (!child.done()) throw Error(what + ": " + child.reason());
    ordered_json result = checked_object(scratch, what, evaluation_numbers());
    fs::remove(scratch);
    return result;
  }

  const ReproduceOptions& o_;
  fs::path models_, made_, rows_;
  std::set<std::string> told_;
};

}  // namespace

report::Report reproduce(const ReproduceOptions& options) {
  const auto plans = reproduce_plan(options);
  Reproduction reproduction(options);
  report::Report report;
  report.subject = options.subject;
  report.version = kVersion;
  report.build = kBuildType;
  report.machine = cpu_model();
  report.isa = std::string(ring::isa_name(ring::selected_isa()));
  report.command = options.command;
  report.quick = options.quick;
  for (const auto& plan : plans) {
    if (reproduction.wanted(plan)) report.rows.push_back(reproduction.measure(plan));
  }
  report.date = fmt::format("{:%Y-%m-%d %H:%M} UTC", fmt::gmtime(std::time(nullptr)));
  return report;
}

}  // namespace obscura::study
