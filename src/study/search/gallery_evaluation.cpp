#include "study/search/gallery_evaluation.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/progress.h"
#include "base/stopwatch.h"
#include "search/gallery_fetch.h"
#include "study/images/labelled_images.h"
#include "study/images/query_images.h"
#include "study/search/blind.h"
#include "study/search/gallery_scores.h"

namespace obscura::study {
namespace {

constexpr const char* kPlain = "plain";
constexpr const char* kBlind = "blind";
constexpr const char* kBlindFeatures = "blind-features";

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

void check(const GalleryEvaluationRequest& a, const VectorNetwork& network, const search::GalleryForm& form) {
  if (a.mode != kPlain && a.mode != kBlind && a.mode != kBlindFeatures) {
    throw UsageError("--mode is '" + a.mode.substr(0, 40) + "', expected plain, blind or blind-features for a gallery");
  }
  if (network.digest() != form.network) {
    throw MismatchError(fmt::format("{} is not the network that {} was indexed with (SHA-256 {}...)", a.network,
                                    a.gallery.string(), form.network.substr(0, 16)));
  }
  if (form.classes.empty())
    throw UsageError(a.gallery.string() + " knows no classes, so nothing says what is relevant");
}

/// The test pictures that are asked for.
struct Queries {
  image::Dataset set;
  Selection chosen;
};

Queries load_queries(const GalleryEvaluationRequest& a, const VectorNetwork& network, const search::GalleryForm& form) {
  auto set = load_noted(a.dataset, image::Split::test, a.data, a.note, a.seed ? 0 : a.limit);
  if (set.count == 0) throw FormatError(a.dataset + " has no test images");
  auto chosen = select_images(set, a.limit, a.seed, a.note);
  take_classes(set, form.classes, form.classes.size(), a.note);
  note_set(set, network.graph().input_shape(), network.graph().preprocessing, a.fit, a.note);
  return {std::move(set), std::move(chosen)};
}

/// Asks for every query and measures what comes back.
class Run {
 public:
  Run(const GalleryEvaluationRequest& request, const search::Gallery::Vectors& vectors, const PlainDistances& exact)
      : request_(request), exact_(exact), measures_(vectors.taken, vectors.labels) {}

  void ask(const ScoreSource& source, VectorNetwork& network, const Queries& queries) {
    Progress bar("queries", queries.chosen.index.size(), "queries", request_.progress);
    for (const std::size_t i : queries.chosen.index) {
      const auto picture = network_values(queries.set, i, network.graph(), request_.fit);
      const QueryDistances one = source.ask(picture);
      measure(source, one, queries.set.labels[i], network, picture);
      bar.advance();
    }
  }

  void finish(GalleryEvaluation& out) const {
    out.measures = measures_.measures();
    out.bytes.query = query_bytes_, out.bytes.reply = reply_bytes_;
    out.seconds.client = median(client_), out.seconds.server = median(server_), out.seconds.total = median(total_);
  }

 private:
  void measure(const ScoreSource& source, const QueryDistances& one, std::int64_t label, VectorNetwork& network,
               const std::vector<float>& picture) {
    std::vector<float> exact;
    if (request_.mode != kPlain) exact = exact_.of(network.of(std::span(&picture, 1)).front());
    measures_.add(one.distances, label, exact, one.bound > 0 ? one.bound : source.bound);
    client_.push_back(one.client_seconds), server_.push_back(one.server_seconds);
    total_.push_back(one.client_seconds + one.server_seconds);
    query_bytes_ = std::max(query_bytes_, one.query_bytes), reply_bytes_ = std::max(reply_bytes_, one.reply_bytes);
  }

  const GalleryEvaluationRequest& request_;
  const PlainDistances& exact_;
  RankingMeasures measures_;
  std::vector<double> client_, server_, total_;
  std::size_t query_bytes_ = 0, reply_bytes_ = 0;
};

ScoreSource source_of(const GalleryEvaluationRequest& a, VectorNetwork& network, const search::GalleryForm& form,
                      search::Gallery& gallery, const search::Gallery::Vectors& vectors, const PlainDistances& plain,
                      search::Distance distance, ThreadPool& pool) {
  if (a.mode == kPlain) return plain_source(network, plain);
  if (a.mode == kBlind) {
    if (distance != search::Distance::cosine) {
      throw UsageError("--distance is " + search::to_string(distance) + ", and mode blind tells cosines alone");
    }
    return blind_source(network.graph(), form, vectors, pool.threads());
  }
  return blind_features_source(network, form, search::scores_of(gallery, a.gallery, vectors, pool, a.note), distance,
                               pool);
}

}  // namespace

GalleryEvaluation evaluate_gallery(const GalleryEvaluationRequest& a) {
  auto gallery = search::Gallery::open(a.gallery);
  const search::GalleryForm form = gallery.form();
  const auto distance = a.distance.empty() ? own_distance(form.kind) : search::parse_distance(a.distance);
  check_distance(distance, form.kind);
  VectorNetwork network(a.network, form);
  check(a, network, form);
  const auto state = gallery.state();
  const auto vectors = gallery.vectors();
  const PlainDistances plain(form, vectors, distance);
  Run run(a, vectors, plain);
  const Queries queries = load_queries(a, network, form);
  ThreadPool pool(a.threads);
  const auto source = source_of(a, network, form, gallery, vectors, plain, distance, pool);
  run.ask(source, network, queries);
  GalleryEvaluation out;
  out.network = a.network, out.dataset = a.dataset, out.mode = a.mode, out.selection = queries.chosen.text;
  out.limit = a.limit, out.threads = pool.threads(), out.distance = distance;
  out.form = form, out.state = state;
  run.finish(out);
  out.bytes.keys = source.key_bytes, out.seconds.prepare = source.prepare_seconds;
  return out;
}

}  // namespace obscura::study
