#include "cli/evaluate_pictures.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "base/parallel.h"
#include "base/version.h"
#include "cli/support.h"
#include "image/picture_form.h"
#include "train/blas.h"
#include "train/vision_file.h"

namespace fs = std::filesystem;

namespace obscura::cli {
namespace {

/// One line of the table.
struct Row {
  std::string network;
  std::string pictures;
  double accuracy = 0;
  double seconds = 0;
  std::string note;
};

/// A key that has nothing to do with the owner's.
shield::Key another_key(const shield::Key& key) {
  return shield::key_of_seed(key.parameters, shield::derive(key.seed, "obscura evaluate: another key"));
}

/// Pictures are made as those were that the network was trained on; files of old do not say how.
image::PictureForm form_of(const train::VisionFile& file, const fs::path& path) {
  image::PictureForm form;
  const auto said = [&file](const char* name) {
    const auto at = file.notes.find(name);
    return at == file.notes.end() ? std::string() : at->second;
  };
  try {
    if (!said("size").empty()) image::parse_size(said("size"), form);
    if (!said("colour").empty()) form.channels = image::parse_colour(said("colour"));
    if (!said("fit").empty()) form.fit = image::parse_fit(said("fit"));
  } catch (const UsageError& e) {
    throw FormatError(fmt::format("{} does not say how its pictures were made: {}", path.string(), e.what()));
  }
  return form;
}

class Evaluator {
 public:
  explicit Evaluator(const PictureEvaluation& a) : a_(a), file_(train::read_vision(a.network)), pool_(a.threads) {
    if (!a.plain.empty()) plain_ = train::read_vision(a.plain);
    set_ = image::load_pictures(a.dataset, image::Split::test, a.data, a.limit, form_of(file_, a.network));
    for (const std::string& line : set_.notes) note(line);
    require_same_classes(file_, a.network);
    if (plain_) require_same_classes(*plain_, a.plain);
    if (!a.key.file.empty()) key_ = take_key(a.key, a.data, [this] { return a_.colour ? 3 : set_.channels; });
    require_key();
    train::set_math_threads(a.threads);
  }

  std::vector<Row> run() {
    const std::string hidden = a_.per_image ? "protected, a key an image" : "protected";
    add(file_, "network", "plain", {});
    if (key_) {
      add(file_, "network", hidden, {key_, a_.per_image});
      add(file_, "network", "protected with another key", {another_key(*key_), a_.per_image});
      if (!a_.per_image && key_->matrices.empty()) add(file_, "network", "protected, a key an image", {key_, true});
    }
    if (plain_) {
      add(*plain_, "plain network", "plain", {});
      if (key_) add(*plain_, "plain network", hidden, {key_, a_.per_image});
    }
    return rows_;
  }

  std::size_t images() const { return set_.count; }
  std::string promise() const { return key_ ? shield::make_shield(*key_)->promise() : ""; }

 private:
  struct Made {
    std::optional<shield::Key> key;
    bool per_image = false;
  };

  void require_key() const {
    const auto shield = file_.notes.find("shield"), noted = file_.notes.find("key");
    if (!key_) {
      if (a_.per_image || describes_key(a_.key) || a_.key.block != 0) {
        throw UsageError("--shield, its parameters and --per-image need the owner's --key");
      }
      if (shield == file_.notes.end()) return;
      throw UsageError("this network reads what " + shield->second + " protects: name the owner's --key");
    }
    if (noted == file_.notes.end() || noted->second == fmt::format("{:016x}", shield::fingerprint(key_->seed))) return;
    throw MismatchError("the network " + a_.network.string() + " was trained with another key than " +
                        a_.key.file.string());
  }

  /// Labels are numbers: of other classes, or of the same in another order, they say nothing.
  void require_same_classes(const train::VisionFile& file, const fs::path& path) const {
    const auto &has = file.classes, &wanted = set_.classes;
    if (has == wanted) return;
    const auto at = static_cast<std::size_t>(std::ranges::mismatch(has, wanted).in1 - has.begin());
    const auto name = [at](const auto& list) { return at < list.size() ? "'" + list[at] + "'" : std::string("none"); };
    throw MismatchError(
        fmt::format("the network {} was trained on other classes than those of {}: class {} is {}, not {}",
                    path.string(), set_.name, at, name(has), name(wanted)));
  }

  /// Pictures that the network cannot take are a row, too: without a number.
  void add(const train::VisionFile& file, const std::string& name, const std::string& pictures, const Made& made) {
    const train::VisionClassifier network(file);
    Row row{name, pictures, 0, 0, ""};
    try {
      const auto source = train::shielded_pictures(set_, {a_.resize, a_.colour, made.key, made.per_image}, &pool_);
      const Stopwatch watch;
      row.accuracy = train::accuracy(train::predict(network, *source), *source);
      row.seconds = watch.seconds();
    } catch (const MismatchError&) {
      row.note = "does not take them";
    }
    rows_.push_back(row);
  }

  const PictureEvaluation& a_;
  train::VisionFile file_;
  std::optional<train::VisionFile> plain_;
  image::Dataset set_;
  std::optional<shield::Key> key_;
  ThreadPool pool_;
  std::vector<Row> rows_;
};

nlohmann::ordered_json json_of(const PictureEvaluation& a, const std::vector<Row>& rows, std::size_t images,
                               const std::string& promise) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const Row& row : rows) {
    list.push_back({{"network", row.network},
                    {"pictures", row.pictures},
                    {"accuracy", row.note.empty() ? nlohmann::ordered_json(row.accuracy) : nlohmann::ordered_json()},
                    {"seconds", row.seconds}});
  }
  return {{"version", kVersion}, {"network", a.network.string()}, {"dataset", a.dataset},
          {"images", images},    {"threads", a.threads},          {"rows", list},
          {"promise", promise}};
}

}  // namespace

void evaluate_pictures(const PictureEvaluation& a) {
  if (!a.out.empty()) check_output(a.out);
  Evaluator evaluator(a);
  const auto rows = evaluator.run();
  const std::string promise = evaluator.promise();
  const auto json = json_of(a, rows, evaluator.images(), promise);
  if (!a.out.empty()) write_file(a.out, json.dump(2) + "\n");
  if (a.json) {
    print_json(json);
    return;
  }
  fmt::print("{} on {} test pictures of {}\n", a.network.string(), evaluator.images(), a.dataset);
  for (const Row& row : rows) {
    const std::string value = row.note.empty() ? fmt::format("{:.2f} %", 100 * row.accuracy) : row.note;
    fmt::print("  {:<14} {:<28} {}\n", row.network, row.pictures, value);
  }
  if (!promise.empty()) fmt::print("{}\n", promise);
}

}  // namespace obscura::cli
