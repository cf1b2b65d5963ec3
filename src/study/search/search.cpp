#include "study/search/search.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <limits>
#include <memory>

#include "base/error.h"
#include "report/text.h"
#include "search/gallery_fetch.h"
#include "search/owner/fetch_owner.h"
#include "study/images/query_images.h"
#include "study/search/blind.h"
#include "study/search/drawn.h"
#include "study/search/encrypted.h"
#include "study/search/gallery_scores.h"
#include "study/search/owner_steps.h"
#include "study/search/timed.h"
#include "study/search/trusted.h"
#include "study/search/vectors.h"

namespace obscura::study {
namespace {

class Search {
 public:
  Search(const SearchRequest& request, const Notes& note)
      : request_(request),
        note_(note),
        pool_(request.threads),
        gallery_(search::Gallery::open(request.gallery)),
        network_(request.network, gallery_.form()) {
    result_.mode = parse_search_mode(request.mode), result_.fetch = fetch_mode();
    result_.distance = own_distance(gallery_.form().kind), result_.encrypted = is_encrypted();
    const auto state = gallery_.state();
    result_.gallery = state.id, result_.gallery_version = state.version, result_.images = state.images;
    check(state);
    const Shape input = network_.graph().input_shape();
    const QueryPicture given{request.picture, request.pixels};
    auto picture = read_query_image(given, input, network_.graph().preprocessing, request.fit);
    for (const std::string& line : picture.notes) note(line);
    if (!picture.warning.empty()) note(picture.warning);
    result_.notes = picture.notes, values_ = std::move(picture.values);
    result_.query = search::read_thumbnail(search::thumbnail_bytes(given.read().image));
  }

  SearchResult run() {
    const auto vectors = gallery_.vectors();
    const bool trusted = result_.mode == SearchMode::trusted;
    auto distances = trusted ? trusted_distances(vectors) : asked_distances(vectors);
    // Places where nothing is come last.
    for (std::size_t place = 0; place < distances.size(); ++place) {
      if (!vectors.taken[place]) distances[place] = std::numeric_limits<float>::infinity();
    }
    const auto places = search::nearest(distances, request_.top);
    const std::vector<std::size_t> wanted(places.begin(), places.end());
    if (const std::string ties = ties_text(distances, wanted); !ties.empty()) note_(ties);
    const auto records = result_.encrypted                   ? own_records(wanted)
                         : trusted                           ? given_by_trusted(wanted)
                         : result_.fetch == FetchMode::plain ? fetch_plain(wanted)
                                                             : fetch_private(wanted, vectors);
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      result_.hits.push_back(hit_of(wanted[i], distances[wanted[i]], records[i], gallery_.form()));
    }
    if (const std::string near = equally_near_text(result_.hits, bound_); !near.empty()) note_(near);
    return std::move(result_);
  }

 private:
  /// --encrypted and --secret belong together, and to one mode.
  bool is_encrypted() const {
    if (request_.encrypted.empty() != request_.secret.empty()) {
      throw UsageError(
          "--encrypted, the gallery, and --secret, the folder with the key that it is encrypted under, go "
          "together");
    }
    if (request_.encrypted.empty()) return false;
    if (result_.mode != SearchMode::blind_features || !request_.fetch.empty()) {
      throw UsageError("--encrypted is for mode blind-features, and its owner has the pictures: leave " +
                       std::string(request_.fetch.empty() ? "--mode" : "--fetch") + " out");
    }
    return true;
  }

  FetchMode fetch_mode() const {
    if (result_.mode == SearchMode::trusted && !request_.fetch.empty()) {
      throw UsageError("--fetch is not for mode trusted, whose server chooses what is found and sends it");
    }
    return request_.fetch.empty() ? FetchMode::priv : parse_fetch_mode(request_.fetch);
  }

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

  ScoreSource source_of(const search::Gallery::Vectors& vectors, const PlainDistances& plain) {
    const search::GalleryForm& form = gallery_.form();
    if (result_.encrypted) {
      return encrypted_source(network_, form, gallery_.state(),
                              {request_.encrypted, request_.secret, request_.passphrase}, pool_);
    }
    if (result_.mode == SearchMode::plain) return plain_source(network_, plain);
    if (result_.mode == SearchMode::blind) return blind_source(network_.graph(), form, vectors, pool_.threads());
    auto table = timed(result_.seconds.prepare,
                       [&] { return search::scores_of(gallery_, request_.gallery, vectors, pool_, note_); });
    return blind_features_source(network_, form, std::move(table), result_.distance, pool_);
  }

  std::vector<float> asked_distances(const search::Gallery::Vectors& vectors) {
    const PlainDistances plain(gallery_.form(), vectors, result_.distance);
    const ScoreSource source = source_of(vectors, plain);
    auto answer = source.ask(values_);
    bound_ = answer.bound > 0 ? answer.bound : source.bound;
    result_.seconds.prepare += source.prepare_seconds;
    result_.seconds.client += answer.client_seconds, result_.seconds.server += answer.server_seconds;
    result_.bytes.keys = source.key_bytes;
    result_.bytes.query = answer.query_bytes, result_.bytes.reply = answer.reply_bytes;
    if (result_.mode == SearchMode::plain) {
      std::vector<float> numbers(answer.sent.size() / sizeof(float));
      std::memcpy(numbers.data(), answer.sent.data(), answer.sent.size());
      saw(fmt::format("the vector of the picture, {} numbers in the clear", numbers.size()));
      result_.server_view = drawn_numbers(numbers);
      return std::move(answer.distances);
    }
    result_.server_view = drawn_bytes(answer.sent);
    saw(fmt::format("evaluation keys, {}, once", report::bytes_text(source.key_bytes)));
    saw(fmt::format("{} encrypted, {}, as long for every picture; it answered with {} of scores that it cannot read",
                    result_.mode == SearchMode::blind ? "the picture" : "the vector of the picture",
                    report::bytes_text(answer.query_bytes), report::bytes_text(answer.reply_bytes)));
    return std::move(answer.distances);
  }

  std::vector<float> trusted_distances(const search::Gallery::Vectors& vectors) {
    trusted_ = std::make_unique<TrustedSearch>();
    const auto seen = trusted_->send(values_);
    const PlainDistances plain(gallery_.form(), vectors, result_.distance);
    double network = 0, comparing = 0;
    const auto vector = timed(network, [&] { return network_.of(std::span(&seen, 1)).front(); });
    auto distances = timed(comparing, [&] { return plain.of(vector); });
    trusted_->searched(network, comparing);
    result_.server_view = picture_of_values(seen, network_.graph().input_shape(), network_.graph().preprocessing);
    return distances;
  }

  std::vector<std::vector<std::uint8_t>> given_by_trusted(std::span<const std::size_t> places) {
    std::vector<std::vector<std::uint8_t>> found;
    for (const std::size_t place : places)
      found.push_back(search::write_record(gallery_.image(place), gallery_.form()));
    auto records = trusted_->give(found);
    result_.steps = trusted_->steps(), result_.bytes = trusted_->bytes(), result_.seconds = trusted_->seconds();
    saw("THE PICTURE: it made the key that the picture was encrypted under, and decrypted it");
    saw(fmt::format("which {} images were found: it chose them", places.size()));
    return records;
  }

  /// Who encrypted the gallery has the pictures.
  std::vector<std::vector<std::uint8_t>> own_records(std::span<const std::size_t> places) {
    std::vector<std::vector<std::uint8_t>> records;
    for (const std::size_t place : places)
      records.push_back(search::write_record(gallery_.image(place), gallery_.form()));
    saw("its gallery: vectors encrypted under the client's key, and how many they are");
    return records;
  }

  std::vector<std::vector<std::uint8_t>> fetch_plain(std::span<const std::size_t> places) {
    std::vector<std::vector<std::uint8_t>> records;
    timed(result_.seconds.server, [&] {
      for (const std::size_t place : places)
        records.push_back(search::write_record(gallery_.image(place), gallery_.form()));
      return 0;
    });
    for (const auto& record : records) result_.bytes.fetch += record.size() + sizeof(std::uint32_t);
    saw(fmt::format("which {} images were found", places.size()));
    return records;
  }

  std::vector<std::vector<std::uint8_t>> fetch_private(std::span<const std::size_t> places,
                                                       const search::Gallery::Vectors& vectors) {
    const auto shape = search::fetch_shape(vectors.taken.size(), search::record_bytes(gallery_.form()));
    const auto table =
        timed(result_.seconds.prepare, [&] { return search::fetch_table_of(gallery_, shape, vectors.taken); });
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

  const SearchRequest& request_;
  const Notes& note_;
  ThreadPool pool_;
  search::Gallery gallery_;
  VectorNetwork network_;
  std::vector<float> values_;
  std::unique_ptr<TrustedSearch> trusted_;
  double bound_ = 0;  // of the errors of distances
  SearchResult result_;
};

}  // namespace

SearchResult search_gallery(const SearchRequest& request, const Notes& note) {
  return Search(request, note).run();
}

}  // namespace obscura::study
