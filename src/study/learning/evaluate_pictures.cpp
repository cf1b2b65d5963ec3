#include "study/learning/evaluate_pictures.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <tuple>
#include <vector>

#include "base/error.h"
#include "base/parallel.h"
#include "base/stopwatch.h"
#include "base/version.h"
#include "image/picture_form.h"
#include "report/scores.h"
#include "study/images/labelled_images.h"
#include "train/blas.h"
#include "train/vision/file.h"

namespace fs = std::filesystem;

namespace obscura::study {
namespace {

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
    set_ = load_noted(a.dataset, image::Split::test, a.data, form_of(file_, a.network), a.note, a.limit);
    selection_ = select_images(set_, 0, {}, a.note).text;
    take_classes(set_, file_.classes, file_.classes.size(), a.note);
    if (plain_) require_same_classes(*plain_, a.plain);
    if (!a.key.file.empty()) key_ = take_key(a.key, a.data, [this] { return a_.colour ? 3 : set_.channels; });
    require_key();
    train::set_math_threads(a.threads);
  }

  std::vector<PictureRow> run() {
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
  const std::string& selection() const { return selection_; }
  /// The class that most images are of, and their share.
  std::pair<std::string, double> majority() const {
    const auto counts = image::class_histogram(set_);
    const auto most = std::max_element(counts.begin(), counts.end());
    return {set_.classes[static_cast<std::size_t>(most - counts.begin())],
            static_cast<double>(*most) / static_cast<double>(set_.count)};
  }
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
        throw UsageError("--shield, its parameters, a passphrase and --per-image need the owner's --key");
      }
      if (shield == file_.notes.end()) return;
      throw UsageError("this network reads what " + shield->second + " protects: name the owner's --key");
    }
    if (noted == file_.notes.end() || noted->second == fmt::format("{:016x}", shield::fingerprint(key_->seed))) return;
    throw MismatchError("the network " + a_.network.string() + " was trained with another key than " +
                        a_.key.file.string());
  }

  /// Both networks answer in numbers, which have to mean the same.
  void require_same_classes(const train::VisionFile& file, const fs::path& path) const {
    const auto &has = file.classes, &wanted = set_.classes;
    if (has == wanted) return;
    const auto at = static_cast<std::size_t>(std::ranges::mismatch(has, wanted).in1 - has.begin());
    const auto name = [at](const auto& list) { return at < list.size() ? "'" + list[at] + "'" : std::string("none"); };
    throw MismatchError(fmt::format("the network {} was trained on other classes than {}: class {} is {}, not {}",
                                    path.string(), a_.network.string(), at, name(has), name(wanted)));
  }

  /// Pictures that the network cannot take are a row, too: without a number.
  void add(const train::VisionFile& file, const std::string& name, const std::string& pictures, const Made& made) {
    const train::VisionClassifier network(file);
    PictureRow row{name, pictures, 0, {}, 0, ""};
    try {
      const auto source = train::shielded_pictures(set_, {a_.resize, a_.colour, made.key, made.per_image}, &pool_);
      const Stopwatch watch;
      row.accuracy = train::accuracy(train::predict(network, *source), *source);
      row.interval = report::wilson_interval(
          static_cast<std::size_t>(std::lround(row.accuracy * static_cast<double>(images()))), images());
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
  std::string selection_;
  std::optional<shield::Key> key_;
  ThreadPool pool_;
  std::vector<PictureRow> rows_;
};

}  // namespace

PictureComparison evaluate_pictures(const PictureEvaluation& a) {
  Evaluator evaluator(a);
  PictureComparison out;
  out.rows = evaluator.run();
  out.images = evaluator.images();
  out.selection = evaluator.selection();
  std::tie(out.majority_class, out.majority_share) = evaluator.majority();
  out.promise = evaluator.promise();
  return out;
}

nlohmann::ordered_json comparison_json(const PictureEvaluation& a, const PictureComparison& found) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const PictureRow& row : found.rows) {
    const bool taken = row.note.empty();
    list.push_back(
        {{"network", row.network},
         {"pictures", row.pictures},
         {"accuracy", taken ? nlohmann::ordered_json(row.accuracy) : nlohmann::ordered_json()},
         {"interval", taken ? nlohmann::ordered_json({row.interval.low, row.interval.high}) : nlohmann::ordered_json()},
         {"seconds", row.seconds}});
  }
  return {{"version", kVersion},
          {"network", a.network.string()},
          {"dataset", a.dataset},
          {"images", found.images},
          {"threads", a.threads},
          {"rows", list},
          {"promise", found.promise},
          {"selection", found.selection},
          {"majority", {{"class", found.majority_class}, {"share", found.majority_share}}}};
}

}  // namespace obscura::study
