#include "study/learning/reproduce_plan.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/error.h"
#include "image/dataset.h"
#include "report/networks/paper.h"

namespace obscura::study {
namespace {

/// One by one on one thread: enough for a steady mean.
constexpr std::size_t kSingleImages = 100, kQuickSingleImages = 4;
constexpr std::size_t kQuickImages = 500;
/// Deep networks take seconds an image.
constexpr std::size_t kDeepImages = 1000, kQuickDeepImages = 2;

struct OwnNetwork {
  const char* model;
  const char* dataset;
  bool deep;  ///< too deep or too large for the batched layout
};

constexpr OwnNetwork kOwn[] = {
    {"obscura-s", "mnist", false}, {"obscura-s", "fashion-mnist", false}, {"obscura-s", "kmnist", false},
    {"obscura-l", "mnist", false}, {"obscura-l", "fashion-mnist", false}, {"obscura-l", "kmnist", false},
    {"lenet5", "mnist", true},     {"lenet5", "fashion-mnist", true},     {"obscura-m", "cifar-10", true},
};

std::string key_of(const OwnNetwork& own) {
  return fmt::format("{}-{}", own.model, own.dataset);
}

/// Kuzushiji-MNIST's training images are often not at hand: then its test images are divided.
bool kmnist_is_whole(const ReproduceOptions& options) {
  try {
    image::load_dataset("kmnist", image::Split::train, options.data, 1);
    return true;
  } catch (const Error&) {
    return false;
  }
}

void choose_data(RowPlan& row, const ReproduceOptions& options) {
  if (!options.dataset.empty()) {
    row.other_data = row.dataset != options.dataset;
    row.dataset = options.dataset;
  } else if (row.dataset == "kmnist" && !kmnist_is_whole(options)) {
    row.other_data = true;
    row.dataset = "kmnist-split";
  }
}

RunPlan single_plan(const ReproduceOptions& options) {
  return {"packed", 1, options.quick ? kQuickSingleImages : kSingleImages, 1};
}

void plan_runs(RowPlan& row, const ReproduceOptions& options) {
  if (options.mode != "packed") row.whole = RunPlan{"batched", options.threads, options.quick ? kQuickImages : 0, 0};
  if (options.mode != "batched") row.single = single_plan(options);
}

/// Deep networks: many images packed, on all threads; their accuracy is worth the hours.
void plan_deep_runs(RowPlan& row, const ReproduceOptions& options) {
  const std::size_t images = options.images != 0 ? options.images : options.quick ? kQuickDeepImages : kDeepImages;
  row.whole = RunPlan{"packed", options.threads, images, 0};
  if (!options.quick) row.single = RunPlan{"packed", 1, 5, 1};
}

std::string model_of(const std::string& key) {
  return key.substr(0, key.find('-'));
}

/// What a trained network may be called: by the data set's name, or by the short form of it.
std::vector<std::string> file_names(const std::string& model, const std::string& dataset) {
  std::vector<std::string> names = {fmt::format("{}-{}.onnx", model, dataset)};
  const auto also = [&](const char* name, const char* brief) {
    if (dataset == name) names.push_back(fmt::format("{}-{}.onnx", model, brief));
  };
  also("fashion-mnist", "fashion");
  also("kmnist-split", "kmnist");
  also("cifar-10", "cifar10");
  return names;
}

std::vector<std::string> paper_files(const RowPlan& row) {
  auto names = file_names(row.model + "-paper", row.dataset);
  const auto plain = file_names(row.model, row.dataset);
  // tenseal-mnist.onnx is the demo's network, trained longer and better than the paper's.
  if (row.key != "tenseal-mnist" || row.dataset != "mnist") names.insert(names.end(), plain.begin(), plain.end());
  return names;
}

void add_paper(std::vector<RowPlan>& rows, const ReproduceOptions& options) {
  for (const report::PaperRow& paper : report::paper_rows()) {
    RowPlan row;
    row.key = paper.key;
    row.title = paper.name;
    row.model = model_of(row.key);
    row.dataset = row.key.substr(row.model.size() + 1);
    choose_data(row, options);
    plan_runs(row, options);
    row.files = paper_files(row);
    rows.push_back(std::move(row));
  }
}

void add_own(std::vector<RowPlan>& rows, const ReproduceOptions& options) {
  for (const OwnNetwork& own : kOwn) {
    RowPlan row;
    row.key = key_of(own);
    row.title = fmt::format("{} on {}", own.model, own.dataset);
    row.model = own.model;
    row.dataset = own.dataset;
    row.trainable = false;
    choose_data(row, options);
    if (own.deep) {
      plan_deep_runs(row, options);
    } else {
      plan_runs(row, options);
    }
    row.files = file_names(row.model, row.dataset);
    rows.push_back(std::move(row));
  }
}

std::vector<RowPlan> all_rows(const ReproduceOptions& options) {
  std::vector<RowPlan> rows;
  if (options.subject == "cryptondl") add_paper(rows, options);
  if (options.subject == "own" || options.also_own) add_own(rows, options);
  return rows;
}

}  // namespace

std::vector<std::string> reproduce_keys(const ReproduceOptions& options) {
  std::vector<std::string> keys;
  if (options.subject == "cryptondl") {
    for (const report::PaperRow& paper : report::paper_rows()) keys.emplace_back(paper.key);
  }
  if (options.subject == "own" || options.also_own) {
    for (const OwnNetwork& own : kOwn) keys.push_back(key_of(own));
  }
  return keys;
}

std::vector<RowPlan> reproduce_plan(const ReproduceOptions& options) {
  if (options.subject != "cryptondl" && options.subject != "own") {
    throw UsageError(
        fmt::format("there is nothing to reproduce by the name '{}': choose cryptondl, own, chunked, rcnn, er-cnn or "
                    "color-neuracrypt",
                    options.subject));
  }
  const auto keys = reproduce_keys(options);
  for (const auto& key : options.only) {
    if (std::find(keys.begin(), keys.end(), key) != keys.end()) continue;
    throw UsageError(fmt::format("no row '{}': choose {}", key, fmt::join(keys, ", ")));
  }
  auto rows = all_rows(options);
  if (!options.only.empty()) {
    std::erase_if(rows, [&](const RowPlan& row) {
      return std::find(options.only.begin(), options.only.end(), row.key) == options.only.end();
    });
  }
  return rows;
}

}  // namespace obscura::study
