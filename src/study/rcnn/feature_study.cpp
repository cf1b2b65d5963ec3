#include "study/rcnn/feature_study.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <numeric>
#include <random>

#include "base/error.h"
#include "base/parallel.h"
#include "base/progress.h"
#include "base/stopwatch.h"
#include "search/distances.h"
#include "search/forest.h"
#include "study/images/labelled_images.h"
#include "study/images/query_images.h"
#include "study/search/gallery_evaluation.h"
#include "study/search/gallery_measures.h"
#include "study/search/vectors.h"

namespace obscura::study {
namespace {

using nlohmann::ordered_json;

struct ForestPlan {
  search::Impurity impurity;
  const char* name;
  std::uint64_t seed;
};
constexpr ForestPlan kForests[] = {{search::Impurity::gini, "gini", 1},
                                   {search::Impurity::entropy, "entropy", 1},
                                   {search::Impurity::gini, "gini", 2}};

/// Features of pictures, a row each.
struct Features {
  std::vector<float> values;
  std::vector<std::int64_t> labels;
  std::size_t columns = 0;
  search::FeatureTable table() const { return {values, columns}; }
};

Features features_of(const image::Dataset& set, std::size_t count, VectorNetwork& network, const char* what,
                     bool progress) {
  constexpr std::size_t kTogether = 256;
  Features all;
  all.columns = network.features();
  all.values.reserve(count * all.columns);
  all.labels.assign(set.labels.begin(), set.labels.begin() + static_cast<std::ptrdiff_t>(count));
  Progress bar(what, count, "images", progress);
  for (std::size_t first = 0; first < count; first += kTogether) {
    const std::size_t last = std::min(first + kTogether, count);
    std::vector<std::vector<float>> pictures;
    for (std::size_t n = first; n < last; ++n) pictures.push_back(network_values(set, n, network.graph()));
    const auto some = network.features_of(pictures);
    all.values.insert(all.values.end(), some.begin(), some.end());
    bar.advance(last - first);
  }
  return all;
}

Features selected(const Features& all, const std::vector<std::size_t>& columns) {
  Features some{{}, all.labels, columns.size()};
  some.values.reserve(all.labels.size() * columns.size());
  for (std::size_t r = 0; r < all.labels.size(); ++r) {
    for (const std::size_t c : columns) some.values.push_back(all.values[r * all.columns + c]);
  }
  return some;
}

/// The gallery and what is looked for in it.
struct Pictures {
  Features gallery, queries;
  std::vector<std::string> classes;
  std::string source, selection;  ///< for people: the gallery, and which queries
};

Pictures read_pictures(const FeatureStudyRequest& a, VectorNetwork& network) {
  const auto train = load_noted(a.dataset, image::Split::train, a.data, a.note, a.gallery);
  auto test = load_noted(a.dataset, image::Split::test, a.data, a.note, a.queries);
  take_classes(test, train.classes, train.classes.size(), a.note);
  const auto chosen = select_images(test, a.queries, {}, a.note);
  Pictures pictures;
  pictures.gallery = features_of(train, train.count, network, "features", a.progress);
  pictures.queries = features_of(test, chosen.index.size(), network, "features of queries", a.progress);
  pictures.classes = train.classes;
  pictures.source = train.name + " train", pictures.selection = chosen.text;
  return pictures;
}

/// Rankings by bits of these features.
ordered_json bits_json(const FeatureStudyRequest& a, const Pictures& pictures, const Features& gallery,
                       const Features& queries) {
  const auto thresholds = search::medians(gallery.table());
  const auto codes = search::binary_codes(gallery.table(), thresholds);
  const auto asked = search::binary_codes(queries.table(), thresholds);
  RankingMeasures measures(std::vector<bool>(gallery.labels.size(), true), gallery.labels);
  const Stopwatch watch;
  for (std::size_t q = 0; q < queries.labels.size(); ++q) {
    measures.add(search::hamming_distances(codes, asked.row(q)), queries.labels[q]);
  }
  GalleryEvaluation e;
  e.network = a.network.string(), e.dataset = a.dataset, e.mode = "plain", e.selection = pictures.selection;
  e.limit = a.queries, e.threads = 1, e.distance = search::Distance::hamming;
  e.form.kind = search::VectorKind::code, e.form.dimension = gallery.columns, e.form.recipe = kVectorsOfFeatures;
  e.form.selection.features = pictures.gallery.columns;
  e.form.source = pictures.source, e.form.classes = pictures.classes;
  e.state.images = e.state.places = gallery.labels.size();
  e.measures = measures.measures();
  e.seconds.server = e.seconds.total = watch.seconds() / static_cast<double>(queries.labels.size());
  return evaluation_json(e);
}

ordered_json forest_json(const ForestPlan& plan, const Pictures& pictures, ThreadPool& pool,
                         std::vector<std::size_t>& columns) {
  const Stopwatch watch;
  search::ForestOptions options;
  options.impurity = plan.impurity, options.seed = plan.seed;
  const auto importances = search::forest_importances(pictures.gallery.table(), pictures.gallery.labels,
                                                      pictures.classes.size(), options, pool);
  columns = search::most_important(importances, kSelectedFeatures);
  double share = 0;
  std::size_t idle = 0;
  for (const std::size_t c : columns) share += importances[c], idle += importances[c] == 0 ? 1 : 0;
  return {{"impurity", plan.name},
          {"seed", plan.seed},
          {"importance_share", share},
          {"idle", idle},
          {"seconds", watch.seconds()}};
}

}  // namespace

std::size_t shared(const std::vector<std::size_t>& one, const std::vector<std::size_t>& other) {
  std::vector<std::size_t> both;
  std::ranges::set_intersection(one, other, std::back_inserter(both));
  return both.size();
}

std::vector<std::size_t> random_columns(std::size_t all, std::size_t count, std::uint64_t seed) {
  std::vector<std::size_t> columns(all);
  std::iota(columns.begin(), columns.end(), std::size_t{0});
  std::mt19937_64 random(seed);
  for (std::size_t i = all; i > 1; --i) std::swap(columns[i - 1], columns[random() % i]);
  columns.resize(std::min(count, all));
  std::ranges::sort(columns);
  return columns;
}

ordered_json feature_study_json(const FeatureStudyRequest& a) {
  VectorNetwork network(a.network, kVectorsOfFeatures);
  if (network.features() < kSelectedFeatures) {
    throw UnsupportedError(fmt::format("{} has {} features, of which {} cannot be selected", a.network.string(),
                                       network.features(), kSelectedFeatures));
  }
  const Pictures pictures = read_pictures(a, network);
  ThreadPool pool(a.threads);
  ordered_json forests = ordered_json::array(), overlaps = ordered_json::array();
  std::vector<std::vector<std::size_t>> columns;
  for (const ForestPlan& plan : kForests) {
    a.note(fmt::format("a forest by {} impurity, seed {}", plan.name, plan.seed));
    forests.push_back(forest_json(plan, pictures, pool, columns.emplace_back()));
    for (std::size_t i = 0; i + 1 < columns.size(); ++i) {
      overlaps.push_back({{"one", i}, {"other", columns.size() - 1}, {"both", shared(columns[i], columns.back())}});
    }
  }
  const auto some = random_columns(network.features(), kSelectedFeatures, 1);
  return {{"pictures", pictures.gallery.labels.size()},
          {"features", network.features()},
          {"selected", kSelectedFeatures},
          {"forests", forests},
          {"overlaps", overlaps},
          {"bits_all", bits_json(a, pictures, pictures.gallery, pictures.queries)},
          {"bits_random", bits_json(a, pictures, selected(pictures.gallery, some), selected(pictures.queries, some))}};
}

}  // namespace obscura::study
