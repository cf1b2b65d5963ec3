#include "study/search/gallery_scores.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "base/error.h"
#include "base/stopwatch.h"
#include "ckks/wire.h"
#include "search/owner/score_owner.h"
#include "search/score_table.h"

namespace obscura::study {
namespace {

using search::Distance;
using search::VectorKind;

std::vector<float> vector_of(VectorNetwork& network, std::span<const float> picture) {
  const std::array pictures = {std::vector<float>(picture.begin(), picture.end())};
  return network.of(pictures).front();
}

std::vector<std::uint8_t> numbers_as_bytes(std::span<const float> numbers) {
  std::vector<std::uint8_t> bytes(numbers.size_bytes());
  std::memcpy(bytes.data(), numbers.data(), bytes.size());
  return bytes;
}

/// A client and a server that share nothing but bytes.
class BlindFeatures {
 public:
  BlindFeatures(VectorNetwork& network, search::ScoreTable table, Distance distance, ThreadPool& pool)
      : network_(network),
        distance_(distance),
        pool_(pool),
        plan_(table.plan()),
        owner_(plan_),
        table_(std::move(table)) {
    const auto keys = ckks::write_evaluation_keys(*owner_.context(), owner_.evaluation_keys(&pool_));
    const auto read = ckks::read_evaluation_keys(keys, "the client's keys");
    evaluator_ = std::make_unique<ckks::Evaluator>(
        table_.context(), std::make_shared<ckks::EvaluationKeys>(*table_.context(), read.keys, &pool_));
    key_bytes_ = keys.size();
  }

  std::size_t key_bytes() const { return key_bytes_; }

  /// 24 deviations of what there is, 8 of the sqrt(2) times as much that is added, and half a step of rounding, which
  /// is less than 8 deviations of the two together (secret/finish.h). Codes are read exactly.
  double bound() const { return plan_.kind == VectorKind::code ? 0 : 50 * search::score_error(plan_); }

  QueryDistances ask(std::span<const float> picture) {
    QueryDistances out;
    Stopwatch watch;
    const auto vector = vector_of(network_, picture);
    const auto query = ckks::write_seeded_ciphertext(*owner_.context(), owner_.encrypt(vector));
    out.client_seconds += watch.lap();
    const auto reply = answer(query);
    out.server_seconds += watch.lap();
    out.distances = owner_.read(ckks::read_compact_ciphertexts(*owner_.context(), reply, "the answer"), table_.rows());
    for (float& d : out.distances) d = distance_of_score(d, distance_, plan_.kind, plan_.dimension);
    out.client_seconds += watch.lap();
    out.query_bytes = query.size(), out.reply_bytes = reply.size(), out.sent = query;
    return out;
  }

 private:
  ckks::Bytes answer(const ckks::Bytes& query) const {
    const ckks::Context& context = *table_.context();
    const auto read = expand(context, ckks::read_seeded_ciphertext(context, query, "the query"));
    return ckks::write_compact_ciphertexts(context, table_.scores(read, *evaluator_, pool_));
  }

  VectorNetwork& network_;
  Distance distance_;
  ThreadPool& pool_;
  search::ScorePlan plan_;
  search::ScoreOwner owner_;
  search::ScoreTable table_;
  std::unique_ptr<ckks::Evaluator> evaluator_;
  std::size_t key_bytes_ = 0;
};

}  // namespace

Distance own_distance(VectorKind kind) {
  return kind == VectorKind::code ? Distance::hamming : Distance::cosine;
}

void check_distance(Distance distance, VectorKind kind) {
  if (distance == Distance::hamming && kind != VectorKind::code) {
    throw UsageError("--distance hamming is for codes, and this gallery has vectors of numbers: cosine or unequal");
  }
}

float distance_of_score(float score, Distance distance, VectorKind kind, std::size_t dimension) {
  const auto bits = static_cast<float>(dimension);
  switch (distance) {
    case Distance::hamming:
      return (bits - score) / 2;
    case Distance::unequal:
      return (1 - score / bits) / 2;
    case Distance::cosine:
      break;
  }
  return kind == VectorKind::code ? 1 - score / bits : 1 - score;
}

std::string ties_text(std::span<const float> distances, std::span<const std::size_t> places) {
  if (places.empty()) return {};
  const float last = distances[places.back()];
  const auto shown = std::ranges::count_if(places, [&](std::size_t place) { return distances[place] == last; });
  const auto more = std::ranges::count(distances, last) - shown;
  if (more == 0) return {};
  return fmt::format(
      "{} more {} as near as the last of these, as far as these distances tell: of equally near ones those in the "
      "first places are shown",
      more, more == 1 ? "image is" : "images are");
}

PlainDistances::PlainDistances(const search::GalleryForm& form, const search::Gallery::Vectors& vectors,
                               Distance distance)
    : dimension_(form.dimension), distance_(distance), values_(vectors.values) {
  check_distance(distance, form.kind);
  if (distance == Distance::hamming) {
    codes_ = search::binary_codes({values_, dimension_}, std::vector<float>(dimension_, 0));
  }
}

std::vector<float> PlainDistances::of(std::span<const float> vector) const {
  const search::FeatureTable table{values_, dimension_};
  if (distance_ == Distance::cosine) return search::cosine_distances(table, vector);
  if (distance_ == Distance::unequal) return search::unequal_shares(table, vector);
  const auto query = search::binary_codes({vector, vector.size()}, std::vector<float>(vector.size(), 0));
  return search::hamming_distances(codes_, query.words);
}

ScoreSource plain_source(VectorNetwork& network, const PlainDistances& plain) {
  ScoreSource source;
  source.ask = [&network, &plain](std::span<const float> picture) {
    QueryDistances out;
    Stopwatch watch;
    const auto vector = vector_of(network, picture);
    out.client_seconds = watch.lap();
    out.distances = plain.of(vector);
    out.server_seconds = watch.lap();
    out.query_bytes = vector.size() * sizeof(float), out.reply_bytes = out.distances.size() * sizeof(float);
    out.sent = numbers_as_bytes(vector);
    return out;
  };
  return source;
}

ScoreSource blind_features_source(VectorNetwork& network, const search::GalleryForm& form, search::ScoreTable table,
                                  Distance distance, ThreadPool& pool) {
  check_distance(distance, form.kind);
  if (distance == Distance::unequal && form.kind != VectorKind::code) {
    throw UsageError("--distance unequal of numbers cannot be told from encrypted scores: cosine, or --mode plain");
  }
  const Stopwatch watch;
  const auto blind = std::make_shared<BlindFeatures>(network, std::move(table), distance, pool);
  ScoreSource source;
  source.ask = [blind](std::span<const float> picture) { return blind->ask(picture); };
  source.key_bytes = blind->key_bytes();
  source.bound = blind->bound();
  source.prepare_seconds = watch.seconds();
  return source;
}

}  // namespace obscura::study
