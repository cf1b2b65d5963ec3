#include "study/learning/chunked_run.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <ctime>
#include <set>
#include <span>

#include "base/error.h"
#include "base/file.h"
#include "base/machine.h"
#include "base/version.h"
#include "image/dataset.h"
#include "image/digest.h"
#include "nn/onnx_read.h"
#include "ring/isa.h"
#include "study/child.h"
#include "study/chunked/encryption_times.h"
#include "study/chunked/key_sizes.h"
#include "study/chunked/plain_run.h"
#include "study/finished_steps.h"
#include "study/learning/chunked_plan.h"
#include "study/shipped.h"
#include "train/encrypted/zoo.h"

namespace fs = std::filesystem;

namespace obscura::study {
namespace {

using nlohmann::ordered_json;
using Words = std::vector<std::string>;

/// What `evaluate` must tell.
const Words& evaluation_numbers() {
  static const Words numbers = {"images",        "plain_accuracy",   "encrypted_accuracy", "agreement",
                                "seconds.total", "chunks_encrypted", "bytes.upload_min",   "bytes.upload_max"};
  return numbers;
}

class ChunkedStudy {
 public:
  explicit ChunkedStudy(const ReproduceOptions& options)
      : o_(options),
        dataset_(chunked_dataset(options)),
        made_(options.out / "models"),
        steps_(options.out / "rows", options.fresh) {
    // Said in a word before anything is trained for it.
    image::load_dataset(dataset_, image::Split::test, o_.data, 1);
    for (const fs::path& folder : {made_, o_.out / "rows"}) {
      std::error_code ec;
      fs::create_directories(folder, ec);
      if (!fs::is_directory(folder)) throw IoError("cannot make the folder " + folder.string());
    }
  }

  /// Own networks take hours to measure: they are no rows where nobody trained them, unless asked for by name.
  bool wanted(const ChunkedNetworkPlan& plan) const {
    if (!plan.own || !o_.only.empty()) return true;
    try {
      return !shipped_file(plan).empty();
    } catch (const Error&) {
      return true;  // there, and said to be unreadable where it is measured
    }
  }

  report::ChunkedNetwork network(const ChunkedNetworkPlan& plan) {
    report::ChunkedNetwork out;
    out.key = plan.key, out.title = plan.title, out.model = plan.model, out.own = plan.own;
    out.summary = train::model_summary(plan.model);
    try {
      fs::path file = shipped_file(plan);
      out.trained = file.empty();
      if (file.empty()) file = trained_file(plan);
      out.file = file.string();
      out.digest = digest_of(file);
      const auto metadata = nn::read_onnx_metadata(file);
      if (const auto command = metadata.find("command"); command != metadata.end()) out.command = command->second;
      out.plain = kept("plain-" + plan.key, file, plan.title + ", in the clear", plain_run_json);
    } catch (const Error& e) {
      out.problem = e.what();
      tell(plan.title, out.problem);
    }
    return out;
  }

  report::ChunkedRow row(const ChunkedRowPlan& plan, const report::ChunkedNetwork& network) {
    report::ChunkedRow out;
    out.key = plan.key, out.title = plan.title, out.network = plan.network, out.mode = plan.mode;
    out.policy = plan.policy.empty() ? "whole" : plan.policy;
    out.problem = network.problem;
    if (!out.problem.empty() || plan.policy == "plain") return out;
    try {
      out.result = evaluate(plan, network.file);
    } catch (const Error& e) {
      out.problem = e.what();
      tell(plan.title, out.problem);
    }
    return out;
  }

  /// Key sizes and times to encrypt, of the paper's network.
  void sizes_and_times(report::ChunkedReport& report, const fs::path& seed) {
    const auto note = [&](std::string& problem, const char* what, const auto& make) {
      try {
        make();
      } catch (const Error& e) {
        problem = e.what();
        tell(what, problem);
      }
    };
    note(report.keys_problem, "key sizes", [&] { report.keys["parameters"] = paper_key_sizes(); });
    if (seed.empty()) return;
    note(report.keys_problem, "key sizes", [&] {
      report.keys["programs"] =
          kept("keys", seed, "key sizes", [](const Prepared& prepared) { return program_key_sizes(prepared.graph); });
    });
    note(report.times_problem, "times to encrypt",
         [&] { report.times = kept("encryption", seed, "encrypting the test pictures", encryption_times_json); });
  }

 private:
  /// A network that was trained on other pictures may know the test pictures.
  bool fits(const fs::path& file) const {
    const auto metadata = nn::read_onnx_metadata(file);
    const auto dataset = metadata.find("dataset");
    return dataset == metadata.end() || dataset->second == dataset_;
  }

  /// In the folder of networks; empty where it is not there.
  fs::path shipped_file(const ChunkedNetworkPlan& plan) const {
    const fs::path folder = o_.models.empty() ? shipped("models") : o_.models;
    std::error_code ec;
    if (folder.empty() || !fs::exists(folder / plan.file, ec)) return {};
    return fits(folder / plan.file) ? folder / plan.file : fs::path();
  }

  fs::path trained_file(const ChunkedNetworkPlan& plan) const {
    const fs::path out = made_ / plan.file;
    Words words = {"train", "--model", plan.model, "--dataset", dataset_, "--out", out.string()};
    if (const auto epochs = chunked_epochs(o_); epochs != 0) {
      words.insert(words.end(), {"--epochs", std::to_string(epochs)});
    }
    add_data(words);
    steps_.result("train-" + plan.key, words, {}, {out}, [&](const fs::path&) {
      const std::string what = fmt::format("training {} on {}", plan.model, dataset_);
      o_.note(what);
      if (o_.fresh) fs::remove(fs::path(out).replace_extension(".checkpoint"));
      const ChildOutcome child = run_child({o_.program, words, {}});
      if (!child.done()) throw Error(what + ": " + child.reason());
      if (!fs::exists(out)) throw FormatError(what + ": there is no " + out.string());
      return ordered_json{{"trained", plan.model}};
    });
    return out;
  }

  void add_data(Words& words) const {
    if (!o_.data.empty()) words.insert(words.end(), {"--data", o_.data.string()});
  }

  EvaluationRequest request_of(const fs::path& file) const {
    EvaluationRequest request;
    request.network = file.string(), request.dataset = dataset_, request.data = o_.data;
    request.limit = chunked_images(o_);
    return request;
  }

  /// What `make` finds of a network and the test pictures, in this process.
  template <typename Make>
  ordered_json kept(const std::string& name, const fs::path& file, const std::string& what, const Make& make) const {
    const Words words = {name, file.string(), dataset_, o_.data.string(), std::to_string(chunked_images(o_))};
    return steps_.result(name, words, {file}, {}, [&](const fs::path&) {
      o_.note(what);
      return ordered_json(make(prepare_plain(request_of(file))));
    });
  }

  ordered_json evaluate(const ChunkedRowPlan& plan, const std::string& file) const {
    Words words = {"evaluate",
                   "--network",
                   file,
                   "--dataset",
                   dataset_,
                   "--mode",
                   plan.mode,
                   "--threads",
                   std::to_string(o_.threads),
                   "--limit",
                   std::to_string(chunked_images(o_)),
                   "--json"};
    if (!plan.policy.empty()) words.insert(words.end(), {"--policy", plan.policy});
    add_data(words);
    return steps_.result(plan.key, words, {file}, {}, [&](const fs::path& scratch) {
      o_.note(fmt::format("{}: classifying test pictures, {}", plan.title, plan.mode));
      // Of an interrupted run; by the words and the network, so that the same run only goes on with it.
      const fs::path journal = o_.out / "rows" / fmt::format("{}-{}.partial", plan.key, short_digest(words, file));
      if (o_.fresh) fs::remove(journal);
      Words all = words;
      all.insert(all.end(), {"--resume", journal.string()});
      return child_result({o_.program, all, {}}, scratch, "could not be evaluated", evaluation_numbers());
    });
  }

  std::string short_digest(const Words& words, const fs::path& file) const {
    const std::string text = fmt::format("{} {} {}", fmt::join(words, " "), digest_of(file), kVersion);
    return image::sha256(std::span(reinterpret_cast<const std::uint8_t*>(text.data()), text.size())).substr(0, 8);
  }

  /// Once: rows that share a network share what is wrong with it.
  void tell(const std::string& what, const std::string& problem) {
    if (told_.insert(problem).second) o_.note(fmt::format("{}: {}", what, problem));
  }

  const ReproduceOptions& o_;
  std::string dataset_;
  fs::path made_;
  FinishedSteps steps_;
  std::set<std::string> told_;
};

report::ChunkedReport empty_report(const ReproduceOptions& options) {
  report::ChunkedReport report;
  report.version = kVersion;
  report.build = kBuildType;
  report.machine = cpu_model();
  report.isa = std::string(ring::isa_name(ring::selected_isa()));
  report.command = options.command;
  report.dataset = chunked_dataset(options);
  report.quick = options.quick;
  return report;
}

}  // namespace

report::ChunkedReport measure_chunked(const ReproduceOptions& options) {
  const auto plans = chunked_plan(options);
  ChunkedStudy study(options);
  report::ChunkedReport report = empty_report(options);
  for (const auto& plan : chunked_networks(plans)) {
    if (study.wanted(plan)) report.networks.push_back(study.network(plan));
  }
  for (const auto& plan : plans) {
    const auto* network = report::find_network(report, plan.network);
    if (network != nullptr) report.rows.push_back(study.row(plan, *network));
  }
  const auto* seed = report::find_network(report, "seed");
  study.sizes_and_times(report, seed == nullptr || !seed->problem.empty() ? fs::path() : fs::path(seed->file));
  report.date = fmt::format("{:%Y-%m-%d %H:%M} UTC", fmt::gmtime(std::time(nullptr)));
  return report;
}

}  // namespace obscura::study
