#include "audit/chunks/forest.h"

#include <algorithm>
#include <cmath>
#include <opencv2/ml.hpp>

#include "base/error.h"

namespace obscura::audit {
namespace {

constexpr int kDeepest = 30;

/// A view: OpenCV only reads it.
cv::Mat samples_of(const FeatureRows& rows) {
  return {static_cast<int>(rows.rows()), static_cast<int>(rows.columns), CV_32F,
          const_cast<float*>(rows.values.data())};
}

cv::Ptr<cv::ml::RTrees> trees_for(std::size_t trees) {
  const auto forest = cv::ml::RTrees::create();
  forest->setMaxDepth(kDeepest);
  forest->setMinSampleCount(2);
  forest->setUseSurrogates(false);
  forest->setCalculateVarImportance(false);
  forest->setActiveVarCount(0);  // the square root
  forest->setTermCriteria({cv::TermCriteria::MAX_ITER, static_cast<int>(trees), 0});
  return forest;
}

/// OpenCV draws bootstrap samples and columns from a generator of the thread: which thread it is must not count.
class OwnDraws {
 public:
  OwnDraws() : kept_(cv::theRNG().state) { cv::theRNG().state = 0x9E3779B97F4A7C15U; }
  OwnDraws(const OwnDraws&) = delete;
  OwnDraws& operator=(const OwnDraws&) = delete;
  ~OwnDraws() { cv::theRNG().state = kept_; }

 private:
  std::uint64_t kept_;
};

}  // namespace

struct RandomForest::State {
  std::size_t columns = 0;
  std::int64_t only = -1;  ///< the class, where one alone was learnt: OpenCV refuses that
  cv::Ptr<cv::ml::RTrees> trees;
};

RandomForest::RandomForest(const FeatureRows& rows, std::span<const std::int64_t> labels, std::size_t trees)
    : state_(std::make_unique<State>()) {
  if (rows.rows() == 0 || rows.rows() != labels.size()) throw MismatchError("a forest learns from one label a row");
  state_->columns = rows.columns;
  if (std::ranges::all_of(labels, [&](std::int64_t label) { return label == labels.front(); })) {
    state_->only = labels.front();
    return;
  }
  cv::Mat classes(static_cast<int>(labels.size()), 1, CV_32S);
  for (std::size_t n = 0; n < labels.size(); ++n) classes.at<int>(static_cast<int>(n)) = static_cast<int>(labels[n]);
  const OwnDraws draws;
  state_->trees = trees_for(trees);
  state_->trees->train(cv::ml::TrainData::create(samples_of(rows), cv::ml::ROW_SAMPLE, classes));
}

RandomForest::~RandomForest() = default;
RandomForest::RandomForest(RandomForest&&) noexcept = default;
RandomForest& RandomForest::operator=(RandomForest&&) noexcept = default;

std::vector<std::int64_t> RandomForest::predict(const FeatureRows& rows) const {
  if (rows.columns != state_->columns) throw MismatchError("rows of other columns than a forest learnt from");
  if (!state_->trees) return std::vector<std::int64_t>(rows.rows(), state_->only);
  cv::Mat votes;
  state_->trees->predict(samples_of(rows), votes);
  std::vector<std::int64_t> classes;
  classes.reserve(rows.rows());
  for (int n = 0; n < votes.rows; ++n) classes.push_back(std::lround(votes.at<float>(n)));
  return classes;
}

FeatureRows rows_at(const FeatureRows& rows, std::span<const std::size_t> numbers) {
  FeatureRows out{rows.columns, {}};
  for (const std::size_t n : numbers) {
    const auto row = std::span(rows.values).subspan(n * rows.columns, rows.columns);
    out.values.insert(out.values.end(), row.begin(), row.end());
  }
  return out;
}

Guesser forest_guesser(const FeatureRows& rows, std::size_t trees) {
  return [&rows, trees](std::span<const std::size_t> learn, std::span<const std::int64_t> labels,
                        std::span<const std::size_t> guess) {
    return RandomForest(rows_at(rows, learn), labels, trees).predict(rows_at(rows, guess));
  };
}

}  // namespace obscura::audit
