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
#include "image/dataset.h"
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

class Evaluator {
 public:
  explicit Evaluator(const PictureEvaluation& a)
      : a_(a), set_(image::load_dataset(a.dataset, image::Split::test, a.data, a.limit)), pool_(a.threads) {
    train::set_math_threads(a.threads);
  }

  std::vector<Row> run() {
    const auto file = train::read_vision(a_.network);
    std::optional<shield::Key> key;
    if (!a_.key.file.empty()) key = take_key(a_.key, a_.data, [this] { return a_.colour ? 3 : set_.channels; });
    if (!key && file.notes.count("shield") != 0) {
      throw UsageError("this network reads what " + file.notes.at("shield") + " protects: name the owner's --key");
    }
    if (key) require_same_key(file, *key);
    add(file, "network", "plain", {});
    if (key) {
      add(file, "network", a_.per_image ? "protected, a key an image" : "protected", {key, a_.per_image});
      add(file, "network", "protected with another key", {another_key(*key), a_.per_image});
      if (!a_.per_image && key->matrices.empty()) add(file, "network", "protected, a key an image", {key, true});
    }
    if (!a_.plain.empty()) {
      const auto plain = train::read_vision(a_.plain);
      add(plain, "plain network", "plain", {});
      if (key)
        add(plain, "plain network", a_.per_image ? "protected, a key an image" : "protected", {key, a_.per_image});
    }
    return rows_;
  }

  std::size_t images() const { return set_.count; }
  std::string promise() const {
    return a_.key.file.empty() ? "" : shield::make_shield(shield::read_key(a_.key.file))->promise();
  }

 private:
  struct Made {
    std::optional<shield::Key> key;
    bool per_image = false;
  };

  void require_same_key(const train::VisionFile& file, const shield::Key& key) const {
    const auto noted = file.notes.find("key");
    if (noted == file.notes.end() || noted->second == fmt::format("{:016x}", shield::fingerprint(key.seed))) return;
    throw MismatchError("the network " + a_.network.string() + " was trained with another key than " +
                        a_.key.file.string());
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
  image::Dataset set_;
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
  const auto json = json_of(a, rows, evaluator.images(), evaluator.promise());
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
  if (!evaluator.promise().empty()) fmt::print("{}\n", evaluator.promise());
}

}  // namespace obscura::cli
