#include "study/learning/learnable_plan.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/error.h"
#include "image/dataset.h"
#include "study/learning/learnable_rows.h"

namespace obscura::study {
namespace {

/// Enough to see that all of it runs.
constexpr std::size_t kQuickTraining = 2000, kQuickTest = 500, kQuickPictures = 24;
constexpr std::size_t kPictures = 200;
constexpr std::size_t kHalf = 25000;

std::vector<LearnablePlan> rows_of(const ReproduceOptions& options) {
  const RowSizes sizes(options);
  return options.subject == "er-cnn" ? er_cnn_rows(sizes) : color_neuracrypt_rows(sizes);
}

/// Without a look at any data.
ReproduceOptions bare(const std::string& subject) {
  ReproduceOptions options;
  options.subject = subject;
  return options;
}

}  // namespace

PlanWords joined(PlanWords words, const PlanWords& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

RowSizes::RowSizes(const ReproduceOptions& options) : options_(options) {
  if (options.dataset.empty()) return;
  try {
    available_ = image::load_dataset(options.dataset, image::Split::train, options.data, 1).available;
  } catch (const Error&) {
    // A row that needs it says what is missing.
  }
}

PlanWords RowSizes::network(const std::string& name, std::size_t epochs, std::uint64_t seed) const {
  const std::size_t wanted = options_.epochs != 0 ? options_.epochs : options_.quick ? 1 : epochs;
  return {"--network", name, "--epochs", std::to_string(wanted), "--seed", std::to_string(seed)};
}

std::size_t RowSizes::pictures(std::size_t planned) const {
  std::size_t count = planned;
  if (options_.quick) count = std::min(count, kQuickTraining);
  if (options_.limit != 0) count = std::min(count, options_.limit);
  return available_ == 0 ? count : std::min(count, available_);
}

std::size_t RowSizes::half() const {
  const std::size_t wanted = pictures(kHalf);
  return available_ == 0 ? wanted : std::max<std::size_t>(1, std::min(wanted, available_ / 2));
}

const std::string& RowSizes::dataset(const std::string& name) const {
  return options_.dataset.empty() ? name : options_.dataset;
}

LearnableSizes learnable_sizes(const ReproduceOptions& options) {
  LearnableSizes sizes{options.quick ? kQuickTest : 0, options.quick ? kQuickPictures : kPictures};
  if (options.test_limit != 0) sizes.test = options.test_limit;
  return sizes;
}

bool is_learnable(const std::string& subject) {
  return subject == "er-cnn" || subject == "color-neuracrypt";
}

std::vector<std::string> learnable_keys(const std::string& subject) {
  std::vector<std::string> keys;
  for (const auto& row : rows_of(bare(subject))) keys.push_back(row.key);
  return keys;
}

std::vector<report::LearnableFigure> learnable_figures(const std::string& subject) {
  return subject == "er-cnn" ? er_cnn_figures() : color_neuracrypt_figures();
}

std::vector<std::string> learnable_figure_ids(const std::string& subject) {
  std::vector<std::string> ids;
  for (const auto& figure : learnable_figures(subject)) {
    if (!figure.rows.empty()) ids.push_back(figure.id);
  }
  return ids;
}

std::vector<LearnablePlan> learnable_plan(const ReproduceOptions& options) {
  return rows_of(options);
}

std::vector<std::string> learnable_wanted(const ReproduceOptions& options) {
  const auto keys = learnable_keys(options.subject);
  if (options.only.empty()) return keys;
  const auto figures = learnable_figures(options.subject);
  std::vector<std::string> named;
  for (const auto& word : options.only) {
    const auto figure =
        std::find_if(figures.begin(), figures.end(), [&](const auto& f) { return f.id == word && !f.rows.empty(); });
    if (figure != figures.end()) {
      named.insert(named.end(), figure->rows.begin(), figure->rows.end());
    } else if (std::find(keys.begin(), keys.end(), word) != keys.end()) {
      named.push_back(word);
    } else {
      throw UsageError(fmt::format("no row '{}': choose {}, or of figures {}", word, fmt::join(keys, ", "),
                                   fmt::join(learnable_figure_ids(options.subject), ", ")));
    }
  }
  std::vector<std::string> ordered;
  for (const auto& key : keys) {
    if (std::find(named.begin(), named.end(), key) != named.end()) ordered.push_back(key);
  }
  return ordered;
}

std::vector<LearnableAttackPlan> learnable_attacks(const ReproduceOptions& options,
                                                   const std::vector<LearnablePlan>& rows) {
  std::vector<LearnableAttackPlan> out;
  for (const char* key : {"hill-4", "color-neuracrypt", "neuracrypt"}) {
    const auto found = std::find_if(rows.begin(), rows.end(), [&](const LearnablePlan& row) { return row.key == key; });
    if (found == rows.end()) continue;
    PlanWords words = {"--seed", std::to_string(found->seed)};
    // All of them train decoders, too, which takes minutes.
    const char* strongest = std::string(key) == "hill-4" ? "statistics" : "ridge";
    if (options.quick)
      words = joined(words, {"--attack", strongest, "--images", "300", "--publics", "1000", "--quick"});
    out.push_back({key, found->dataset, words});
  }
  return out;
}

}  // namespace obscura::study
