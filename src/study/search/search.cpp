#include "study/search/search.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <limits>
#include <memory>

#include "base/error.h"
#include "base/stopwatch.h"
#include "ckks/wire.h"
#include "report/text.h"
#include "search/distances.h"
#include "search/owner/fetch_owner.h"
#include "search/owner/score_owner.h"
#include "search/score_table.h"
#include "study/images/query_images.h"
#include "study/search/vectors.h"

namespace obscura::study {
namespace {

/// Adds what passes to one of the clocks.
template <typename Work>
auto timed(double& seconds, const Work& work) {
  const Stopwatch watch;
  auto result = work();
  seconds += watch.seconds();
  return result;
}

class Search {
 public:
  Search(const SearchRequest& request, const Notes& note)
      : request_(request),
        note_(note),
        pool_(request.threads),
        gallery_(search::Gallery::open(request.gallery)),
        network_(request.network, gallery_.form().recipe) {
    result_.mode = parse_search_mode(request.mode), result_.fetch = parse_fetch_mode(request.fetch);
    const auto state = gallery_.state();
    result_.gallery = state.id, result_.gallery_version = state.version, result_.images = state.images;
    check(state);
    const Shape input = network_.graph().input_shape();
    auto picture = read_query_image(request.picture, input, network_.graph().preprocessing, request.fit);
    for (const std::string& line : picture.notes) note(line);
    if (!picture.warning.empty()) note(picture.warning);
    result_.notes = picture.notes, values_ = std::move(picture.values);
    result_.query = read_thumbnail(thumbnail_bytes(image::read_image(request.picture)));
  }

  SearchResult run() {
    const auto vectors = gallery_.vectors();
    const auto vector = timed(result_.seconds.client, [&] { return network_.of(std::span(&values_, 1)).front(); });
    auto distances =
        result_.mode == SearchMode::plain ? plain_distances(vectors, vector) : blind_distances(vectors, vector);
    // Places where nothing is come last.
    for (std::size_t place = 0; place < distances.size(); ++place) {
      if (!vectors.taken[place]) distances[place] = std::numeric_limits<float>::infinity();
    }
    const auto places = search::nearest(distances, request_.top);
    const std::vector<std::size_t> wanted(places.begin(), places.end());
    const auto records = result_.fetch == FetchMode::plain ? fetch_plain(wanted) : fetch_private(wanted, vectors);
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      SearchHit hit{wanted[i], distances[wanted[i]], {}, read_record(records[i])};
      const auto label = static_cast<std::size_t>(hit.image.label);
      if (hit.image.label >= 0 && label < gallery_.form().classes.size()) {
        hit.class_name = gallery_.form().classes[label];
      }
      result_.hits.push_back(std::move(hit));
    }
    // Added noise makes it a little more than twice as much (secret/finish.h).
    if (error_ > 0 && result_.hits.size() > 1 &&
        result_.hits.back().distance - result_.hits.front().distance < kToldApart * error_) {
      note_(fmt::format(
          "what was found is equally near, as far as encrypted scores tell ({:.1g}): images that are as near "
          "may be missing, and come in any order",
          kToldApart * error_));
    }
    return std::move(result_);
  }

 private:
  static constexpr double kToldApart = 6;

  void check(const search::GalleryState& state) const {
    if (network_.digest() != gallery_.form().network) {
      throw MismatchError(fmt::format("{} is not the network that {} was indexed with (SHA-256 {}...)",
                                      request_.network.string(), request_.gallery.string(),
                                      gallery_.form().network.substr(0, 16)));
    }
    if (state.images == 0) throw UsageError(request_.gallery.string() + " is an empty gallery: index pictures first");
    if (request_.top == 0 || request_.top > state.images) {
      throw UsageError(fmt::format("--top is {}, but the gallery has {} images", request_.top, state.images));
    }
  }

  void saw(std::string line) { result_.server_saw.push_back(std::move(line)); }

  std::vector<float> plain_distances(const search::Gallery::Vectors& vectors, const std::vector<float>& vector) {
    saw(fmt::format("the vector of the picture, {} numbers in the clear", vector.size()));
    result_.bytes.query = vector.size() * sizeof(float);
    auto distances = timed(result_.seconds.server, [&] {
      return search::cosine_distances({vectors.values, vector.size()}, vector);
    });
    result_.bytes.reply = distances.size() * sizeof(float);
    return distances;
  }

  std::vector<float> blind_distances(const search::Gallery::Vectors& vectors, const std::vector<float>& vector) {
    auto& seconds = result_.seconds;
    const auto plan = search::plan_scores(search::VectorKind::unit, vector.size());
    const auto owner = timed(seconds.prepare, [&] { return std::make_unique<search::ScoreOwner>(plan); });
    const auto table = timed(seconds.prepare, [&] {
      return std::make_unique<search::ScoreTable>(plan, search::FeatureTable{vectors.values, vector.size()}, pool_);
    });
    const ckks::Context& context = *table->context();
    const auto keys = timed(seconds.prepare, [&] {
      return ckks::write_evaluation_keys(*owner->context(), owner->evaluation_keys(&pool_));
    });
    const auto evaluator = timed(seconds.prepare, [&] {
      const auto read = ckks::read_evaluation_keys(keys, "the client's keys");
      return ckks::Evaluator(table->context(), std::make_shared<ckks::EvaluationKeys>(context, read.keys, &pool_));
    });
    const auto query =
        timed(seconds.client, [&] { return ckks::write_seeded_ciphertext(*owner->context(), owner->encrypt(vector)); });
    const auto reply = timed(seconds.server, [&] {
      const auto read = expand(context, ckks::read_seeded_ciphertext(context, query, "the query"));
      return ckks::write_compact_ciphertexts(context, table->scores(read, evaluator, pool_));
    });
    auto distances = timed(seconds.client, [&] {
      return owner->read(ckks::read_compact_ciphertexts(*owner->context(), reply, "the answer"), table->rows());
    });
    for (float& score : distances) score = 1 - score;
    error_ = search::score_error(plan);
    result_.bytes.keys = keys.size(), result_.bytes.query = query.size(), result_.bytes.reply = reply.size();
    saw(fmt::format("rotation keys, {}, once", report::bytes_text(keys.size())));
    saw(fmt::format("one ciphertext, {}, as long for every picture; it answered with {} of scores that it cannot read",
                    report::bytes_text(query.size()), report::bytes_text(reply.size())));
    return distances;
  }

  std::vector<std::vector<std::uint8_t>> fetch_plain(std::span<const std::size_t> places) {
    std::vector<std::vector<std::uint8_t>> records;
    timed(result_.seconds.server, [&] {
      for (const std::size_t place : places) records.push_back(write_record(gallery_.image(place), gallery_.form()));
      return 0;
    });
    for (const auto& record : records) result_.bytes.fetch += record.size() + sizeof(std::uint32_t);
    saw(fmt::format("which {} images were found", places.size()));
    return records;
  }

  std::vector<std::vector<std::uint8_t>> fetch_private(std::span<const std::size_t> places,
                                                       const search::Gallery::Vectors& vectors) {
    const auto shape = search::fetch_shape(vectors.taken.size(), record_bytes(gallery_.form()));
    const auto table = timed(result_.seconds.prepare, [&] { return fetch_table(shape, vectors); });
    const auto hint =
        timed(result_.seconds.prepare, [&] { return search::make_hint(table, ring::random_seed(), pool_); });
    search::FetchOwner owner(shape, hint.seed);
    std::vector<std::vector<std::uint8_t>> records;
    std::size_t rounds = 0;
    for (std::size_t first = 0; first < places.size(); first += search::kFetchCount, ++rounds) {
      const auto some = places.subspan(first, std::min(search::kFetchCount, places.size() - first));
      const auto queries = timed(result_.seconds.client, [&] { return owner.ask(some); });
      const auto answers = timed(result_.seconds.server, [&] { return table.answer(queries, pool_); });
      auto read = timed(result_.seconds.client, [&] { return owner.read(hint, answers); });
      std::ranges::move(read, std::back_inserter(records));
    }
    result_.bytes.hint = shape.hint_bytes();
    result_.bytes.fetch = rounds * search::kFetchCount * (shape.query_bytes() + shape.answer_bytes());
    saw(fmt::format("{} private fetches, of {} images or fewer: not of which", rounds * search::kFetchCount,
                    rounds * search::kFetchCount));
    return records;
  }

  search::FetchTable fetch_table(const search::FetchShape& shape, const search::Gallery::Vectors& vectors) {
    constexpr std::size_t kTogether = 1024;
    search::FetchTable table(shape);
    std::vector<std::vector<std::uint8_t>> records;
    for (std::size_t place = 0; place < vectors.taken.size(); ++place) {
      records.emplace_back();
      if (vectors.taken[place]) records.back() = write_record(gallery_.image(place), gallery_.form());
      if (records.size() < kTogether && place + 1 < vectors.taken.size()) continue;
      table.put_all(place + 1 - records.size(), records);
      records.clear();
    }
    return table;
  }

  const SearchRequest& request_;
  const Notes& note_;
  ThreadPool pool_;
  search::Gallery gallery_;
  VectorNetwork network_;
  std::vector<float> values_;
  double error_ = 0;  // of an encrypted score
  SearchResult result_;
};

}  // namespace

SearchResult search_gallery(const SearchRequest& request, const Notes& note) {
  return Search(request, note).run();
}

}  // namespace obscura::study
