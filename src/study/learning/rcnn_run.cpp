#include "study/learning/rcnn_run.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <map>

#include "base/error.h"
#include "base/file.h"
#include "base/machine.h"
#include "base/version.h"
#include "image/dataset.h"
#include "report/rcnn/sections.h"
#include "ring/isa.h"
#include "search/gallery.h"
#include "study/learning/rcnn_networks.h"
#include "study/learning/rcnn_steps.h"
#include "study/rcnn/feature_study.h"
#include "study/rcnn/query_pictures.h"
#include "study/rcnn/rings.h"

namespace fs = std::filesystem;

namespace obscura::study {
namespace {

using nlohmann::ordered_json;
using Words = RcnnSteps::Words;

/// What the verbs must tell.
const Words kIndexNumbers = {"images", "dimension", "seconds"};
const Words kRankingNumbers = {"images", "map", "map_null", "precision_at_5", "precision_at_100", "seconds.total"};
const Words kSearchNumbers = {"images", "bytes.query", "seconds.client", "seconds.server", "seconds.total"};

void make_folder(const fs::path& folder) {
  std::error_code ec;
  fs::create_directories(folder, ec);
  if (!fs::is_directory(folder)) throw IoError("cannot make the folder " + folder.string());
}

class RcnnStudy {
 public:
  RcnnStudy(const ReproduceOptions& options, report::RcnnReport& report)
      : o_(options), report_(report), sizes_(rcnn_sizes(options)), steps_(options, report.steps) {}

  void networks(bool embedding) {
    report_.networks.push_back(rcnn_network(o_, steps_));
    if (embedding) report_.networks.push_back(embedding_network(o_, steps_));
  }

  void gallery(const RcnnGalleryPlan& plan) {
    report::RcnnGallery out;
    out.key = plan.key, out.title = plan.title;
    tried(out, [&] { out.result = indexed(plan); });
    report_.galleries.push_back(std::move(out));
  }

  void features() {
    try {
      report_.features = studied_features();
    } catch (const Error& e) {
      report_.features_problem = e.what();
      steps_.tell("features", report_.features_problem);
    }
  }

  void row(const RcnnRowPlan& plan) {
    report::RcnnRow out;
    out.key = plan.key, out.title = plan.title, out.gallery = plan.gallery, out.mode = plan.mode;
    tried(out, [&] {
      if (plan.gallery.empty()) {
        if (!report_.features_problem.empty()) throw Error(report_.features_problem);
        out.result = report_.features.at(plan.measure);
        return;
      }
      const auto* gallery = report::find_gallery(report_, plan.gallery);
      if (!gallery->problem.empty()) throw Error(gallery->problem);
      out.result = plan.mode.empty() ? ranked(plan, gallery->result) : searched(plan, gallery->result);
    });
    report_.rows.push_back(std::move(out));
  }

 private:
  /// Puts what goes wrong into a part of the report.
  template <typename Part, typename Make>
  void tried(Part& part, const Make& make) {
    try {
      make();
    } catch (const Error& e) {
      part.problem = e.what();
      steps_.tell(part.title, part.problem);
    }
  }

  /// The file of a network; throws where it is not there.
  std::string network_file(const std::string& key) const {
    const auto* network = report::find_network(report_, key);
    if (network->file.empty()) throw Error(network->problem);
    return network->file;
  }

  std::string network_of(const std::string& gallery) const { return galleries_.at(gallery).network; }
  fs::path folder_of(const std::string& gallery) const { return galleries_.at(gallery).folder; }

  ordered_json indexed(const RcnnGalleryPlan& plan) {
    const std::string network = network_file(plan.network);
    Words how = {"--dataset", rcnn_dataset(o_), "--limit", std::to_string(sizes_.gallery)};
    how.insert(how.end(), plan.words.begin(), plan.words.end());
    steps_.add_data(how);
    // A gallery that grows keeps its selection: one of other pictures is another folder.
    const fs::path folder = o_.out / "galleries" / fmt::format("{}-{}", plan.key, short_digest(how, network));
    galleries_[plan.key] = {network, folder};
    const std::string name = "index-" + plan.key;
    if (o_.fresh) fs::remove_all(folder);
    if (!fs::exists(search::gallery_file(folder))) steps_.forget(name);
    Words words = {"index", "--network", network, "--out", folder.string(), "--json"};
    words.insert(words.end(), how.begin(), how.end());
    auto result = steps_.child(name, fmt::format("indexing {}", plan.title), words, {network}, {}, kIndexNumbers);
    // A number for each of hundreds of features.
    if (result.contains("selection") && result["selection"].is_object()) {
      result["selection"].erase("columns"), result["selection"].erase("thresholds");
    }
    return result;
  }

  ordered_json studied_features() {
    FeatureStudyRequest request;
    request.network = network_file("rcnn"), request.dataset = rcnn_dataset(o_), request.data = o_.data;
    request.gallery = sizes_.gallery, request.queries = sizes_.queries, request.threads = o_.threads;
    request.note = o_.note, request.progress = true;
    const Words words = {request.network.string(), request.dataset, request.data.string(),
                         std::to_string(request.gallery), std::to_string(request.queries)};
    return steps_.timed("features", "forests and bits of all features", "", words, {request.network}, {},
                        [&](const fs::path&) { return feature_study_json(request); });
  }

  ordered_json ranked(const RcnnRowPlan& plan, const ordered_json& gallery) {
    const std::string network = network_of(plan.gallery);
    Words words = {"evaluate",
                   "--gallery",
                   folder_of(plan.gallery).string(),
                   "--network",
                   network,
                   "--dataset",
                   rcnn_dataset(o_),
                   "--mode",
                   "plain",
                   "--limit",
                   std::to_string(sizes_.queries),
                   "--threads",
                   std::to_string(o_.threads),
                   "--json"};
    if (!plan.measure.empty()) words.insert(words.end(), {"--distance", plan.measure});
    steps_.add_data(words);
    return steps_.child(plan.key, fmt::format("ranking: {}", plan.title), words, {network}, {}, kRankingNumbers,
                        state_of(gallery));
  }

  /// A list, a search each.
  ordered_json searched(const RcnnRowPlan& plan, const ordered_json& gallery) {
    ordered_json all = ordered_json::array();
    const std::string network = network_of(plan.gallery);
    for (std::size_t i = 0; i < pictures().size(); ++i) {
      if (plan.searches != 0 && i == plan.searches) break;
      const QueryPicture& picture = pictures()[i];
      const std::string name = fmt::format("{}-{}", plan.key, i);
      const fs::path found = o_.out / "found" / name;
      const Words words = {"search",    picture.file.string(),
                           "--gallery", folder_of(plan.gallery).string(),
                           "--network", network,
                           "--mode",    plan.mode,
                           "--out",     found.string(),
                           "--threads", std::to_string(o_.threads),
                           "--json"};
      all.push_back(steps_.child(name, fmt::format("searching, {}, picture {}", plan.title, i + 1), words,
                                 {picture.file, network}, {found / "sheet.png"}, kSearchNumbers, state_of(gallery)));
      if (plan.shown) show(plan, picture, found, all.back());
    }
    return all;
  }

  void show(const RcnnRowPlan& plan, const QueryPicture& picture, const fs::path& found, const ordered_json& search) {
    std::string classes;
    for (const auto& hit : report::list_in(search, "results")) {
      classes += (classes.empty() ? "" : ", ") + (hit["label"].is_string() ? hit["label"].get<std::string>() : "-");
    }
    report_.sheets.push_back({fmt::format("{}, by {}: {}", picture.class_name, plan.title, classes),
                              fs::path("found") / found.filename() / "sheet.png", read_file(found / "sheet.png")});
  }

  const std::vector<QueryPicture>& pictures() {
    if (pictures_.empty()) {
      make_folder(o_.out / "pictures");
      pictures_ = write_query_pictures(rcnn_dataset(o_), o_.data, sizes_.shown, o_.out / "pictures", Notes());
    }
    return pictures_;
  }

  /// Which state of which gallery.
  static std::string state_of(const ordered_json& gallery) {
    return gallery.value("gallery", std::string()) + " " + std::to_string(gallery.value("gallery_version", 0));
  }

  struct MadeGallery {
    std::string network;
    fs::path folder;
  };

  const ReproduceOptions& o_;
  report::RcnnReport& report_;
  RcnnSizes sizes_;
  RcnnSteps steps_;
  std::map<std::string, MadeGallery> galleries_;
  std::vector<QueryPicture> pictures_;
};

report::RcnnReport empty_report(const ReproduceOptions& options) {
  report::RcnnReport report;
  report.version = kVersion;
  report.build = kBuildType;
  report.machine = cpu_model();
  report.isa = std::string(ring::isa_name(ring::selected_isa()));
  report.command = options.command;
  report.dataset = rcnn_dataset(options);
  report.quick = options.quick;
  report.rings = rings_json();
  return report;
}

/// Said in a word before anything is done with them.
void check_pictures(const ReproduceOptions& options) {
  for (const auto split : {image::Split::train, image::Split::test}) {
    image::load_dataset(rcnn_dataset(options), split, options.data, 1);
  }
}

}  // namespace

report::RcnnReport measure_rcnn(const ReproduceOptions& options) {
  const auto plans = rcnn_plan(options);
  check_pictures(options);
  for (const char* name : {"rows", "models", "galleries", "found"}) make_folder(options.out / name);
  const auto galleries = rcnn_galleries(plans);
  const auto any = [](const auto& list, const auto& is) { return std::any_of(list.begin(), list.end(), is); };
  report::RcnnReport report = empty_report(options);
  RcnnStudy study(options, report);
  study.networks(any(galleries, [](const RcnnGalleryPlan& plan) { return plan.network == "embed"; }));
  for (const auto& plan : galleries) study.gallery(plan);
  if (any(plans, [](const RcnnRowPlan& plan) { return plan.gallery.empty(); })) study.features();
  for (const auto& plan : plans) study.row(plan);
  report.date = fmt::format("{:%Y-%m-%d %H:%M} UTC", fmt::gmtime(std::time(nullptr)));
  return report;
}

}  // namespace obscura::study
