#include "study/remote/remote_search.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "base/file_stream.h"
#include "base/stopwatch.h"
#include "ckks/wire.h"
#include "remote/json_fields.h"
#include "report/text.h"
#include "search/messages.h"
#include "search/owner/fetch_owner.h"
#include "search/records.h"
#include "search/trusted_messages.h"
#include "study/images/query_images.h"
#include "study/remote/gallery_choice.h"
#include "study/remote/trusted_query.h"
#include "study/search/blind.h"
#include "study/search/drawn.h"
#include "study/search/gallery_scores.h"
#include "study/search/owner_steps.h"

namespace fs = std::filesystem;

namespace obscura::study {
namespace {

constexpr std::size_t kMostQueryBytes = std::size_t{4} << 30;
/// What stands around a hint's words in its file is less.
constexpr std::size_t kAroundHint = std::size_t{1} << 16;
/// Deviations that no error of a score exceeds, as in one process (gallery_scores.cpp).
constexpr double kBound = 50;

class Search {
 public:
  Search(remote::Remote& remote, const RemoteSearchRequest& request, const Notes& note)
      : remote_(remote), request_(request), note_(note), pool_(request.threads), before_(remote.traffic()) {
    result_.mode = request.mode.empty() ? SearchMode::blind_features : parse_search_mode(request.mode);
    gallery_ = choose_gallery(remote, request.gallery);
    check_mode();
    card_ = read_checked_card(remote.card(gallery_.name), "the card of gallery " + gallery_.name);
    check_card();
    folder_ = request.keys / ("gallery-" + gallery_.id.substr(0, 16));
    result_.distance = own_distance(card_.form.kind);
    result_.gallery = card_.gallery.id, result_.gallery_version = card_.gallery.version;
    result_.images = card_.images();
    result_.query = search::read_thumbnail(search::thumbnail_bytes(picture().read().image));
  }

  RemoteSearch run() {
    if (result_.mode == SearchMode::trusted) {
      ask_who_sees();
    } else {
      ask_blindly();
    }
    for (auto& hit : result_.hits) {
      hit.class_name = remote::printable(hit.class_name), hit.image.name = remote::printable(hit.image.name);
    }
    if (const std::string near = equally_near_text(result_.hits, bound_); !near.empty()) note_(near);
    const auto cost = cost_between(before_, remote_.traffic(), watch_.seconds(), result_.seconds.prepare);
    result_.seconds.client = cost.local, result_.seconds.server = cost.server;
    return {gallery_.name, std::move(result_), cost};
  }

 private:
  QueryPicture picture() const { return {request_.picture, request_.pixels}; }

  void ask_blindly() {
    const auto distances = result_.mode == SearchMode::blind ? ask_blind() : ask_by_vector();
    const auto places = search::nearest(distances, request_.top);
    const std::vector<std::size_t> wanted(places.begin(), places.end());
    if (const std::string ties = ties_text(distances, wanted); !ties.empty()) note_(ties);
    const auto records = fetch(wanted);
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      result_.hits.push_back(hit_of(wanted[i], distances[wanted[i]], records[i], card_.form));
    }
  }

  void ask_who_sees() {
    auto found =
        ask_trusted(remote_, gallery_.name, card_, picture(), request_.fit, static_cast<std::uint32_t>(request_.top));
    for (const std::string& line : found.notes) note_(line);
    result_.notes = std::move(found.notes), result_.hits = std::move(found.hits), result_.bytes = found.bytes;
    result_.server_view = std::move(found.seen);
    saw("THE PICTURE: it made the key that the picture was encrypted under, and decrypted it");
    saw(fmt::format("which {} images were found: it chose them", request_.top));
  }

  void check_mode() const {
    if (result_.mode == SearchMode::plain) {
      throw UsageError("--mode is plain, expected blind-features, blind or trusted: a vector in the clear is not sent");
    }
    const std::string mode = to_string(result_.mode);
    if (!gallery_.has_mode(mode) || (result_.mode == SearchMode::blind && gallery_.blind_model.empty())) {
      throw UsageError(fmt::format("gallery {} of the server is not searched in mode {}", gallery_.name, mode));
    }
    if (result_.mode != SearchMode::blind_features && !request_.network.empty()) {
      throw UsageError("--network is for mode blind-features: in mode " + mode + " the server runs the network");
    }
    if (result_.mode == SearchMode::trusted && request_.top > search::kMostTrusted) {
      throw UsageError(
          fmt::format("--top is {}, but a trusted server gives {} at the most", request_.top, search::kMostTrusted));
    }
  }

  void check_card() const {
    if (card_.gallery.id != gallery_.id || card_.gallery.version != static_cast<std::int64_t>(gallery_.version)) {
      throw MismatchError(fmt::format("gallery {} of the server changes right now: ask again", gallery_.name));
    }
    if (request_.top == 0 || request_.top > card_.images()) {
      throw UsageError(fmt::format("--top is {}, but the gallery has {} images", request_.top, card_.images()));
    }
    if (card_.shape().hint_bytes() > kMostQueryBytes) {
      throw UnsupportedError(fmt::format("gallery {} has a hint of {}, which is more than is fetched", gallery_.name,
                                         report::bytes_text(card_.shape().hint_bytes())));
    }
  }

  void saw(std::string line) { result_.server_saw.push_back(std::move(line)); }

  void saw_query(const char* what, std::size_t up, std::size_t down) {
    result_.bytes.query = up, result_.bytes.reply = down;
    saw(fmt::format("evaluation keys, {}, once", report::bytes_text(result_.bytes.keys)));
    saw(fmt::format("{} encrypted, {}, as long for every picture; it answered with {} that it cannot read", what,
                    report::bytes_text(up), report::bytes_text(down)));
  }

  /// The file that the server gets once, made if it is not there or another key's.
  fs::path score_keys(const search::ScoreOwner& owner) {
    const fs::path file = folder_ / "evaluation.keys";
    std::error_code ec;
    const bool there = fs::exists(file, ec) && ckks::peek_evaluation_key_id(read_start(file, ckks::kKeyIdWithin),
                                                                            file.string()) == owner.key().id();
    if (!there) write_file(file, ckks::write_evaluation_keys(*owner.context(), owner.evaluation_keys(&pool_)));
    result_.bytes.keys = static_cast<std::size_t>(fs::file_size(file, ec));
    return file;
  }

  std::vector<float> ask_by_vector() {
    const auto network = network_of_gallery(request_.network, card_.form);
    const Notes hear([this](const std::string& line) { note_(line), result_.notes.push_back(line); });
    const auto vector = vector_of_picture(network, picture(), request_.fit, card_, hear);
    const Stopwatch making;
    const auto kept = kept_score_owner(folder_ / "search.key", card_.plan(), request_.sealing);
    if (kept.fresh)
      note_(fmt::format("making keys for gallery {}: search.key stays in {}", gallery_.name, folder_.string()));
    const search::ScoreOwner& owner = *kept.owner;
    const fs::path keys = score_keys(owner);
    result_.seconds.prepare += making.seconds();
    const search::GalleryQuery query{card_.gallery, owner.key().id(), search::random_question(), owner.encrypt(vector)};
    const auto bytes = search::write_gallery_query(*owner.context(), query);
    const auto reply = remote_.scores(gallery_.name, bytes, provider_of(keys, note_));
    const auto answer = search::read_gallery_answer(*owner.context(), card_.gallery, reply, "the server's answer");
    if (answer.key != query.key || answer.question != query.question) {
      throw MismatchError("the server answers another question than was asked");
    }
    if (card_.form.kind == search::VectorKind::unit) bound_ = kBound * search::score_error(card_.plan());
    result_.server_view = drawn_bytes(bytes);
    saw_query("the vector of the picture", bytes.size(), reply.size());
    return distances_of_scores(owner.read(answer.scores, card_.taken.size()), card_);
  }

  std::vector<float> ask_blind() {
    const auto model = remote_.model(gallery_.blind_model);
    const auto keys = keys_for_model(remote_, model, {request_.keys, request_.sealing}, pool_, note_);
    result_.seconds.prepare += keys.seconds;
    const message::ClientSpec& client = keys.owner->client();
    if (client.network != search::blind_program_name(card_.gallery)) {
      throw MismatchError(
          fmt::format("model {} was made for another version of gallery {}: its owner compiles it again "
                      "(search compile)",
                      model.name, gallery_.name));
    }
    const auto image = read_query_image(picture(), client.input, client.preprocessing, request_.fit);
    for (const std::string& line : image.notes) note_(line);
    result_.notes = image.notes;
    std::error_code ec;
    result_.bytes.keys = static_cast<std::size_t>(fs::file_size(evaluation_file(keys.folder), ec));
    ckks::Bytes sent;
    const auto traffic = remote_.traffic();
    const auto said = ask_model(remote_, model, keys, std::span(&image, 1), pool_, note_, &sent);
    require_answers(said, "the answer of model " + model.name);
    for (const auto& line : decryption_notes(said, keys.folder.path(), "remove that folder")) note_(line);
    const auto& logits = said.readings.front().logits;
    if (logits.size() != card_.taken.size() + card_.form.dimension) {
      throw MismatchError(fmt::format("model {} says {} numbers, but gallery {} has {} places and vectors of {}",
                                      model.name, logits.size(), gallery_.name, card_.taken.size(),
                                      card_.form.dimension));
    }
    auto distances = blind_distances(logits, card_.taken.size());
    for (std::size_t p = 0; p < distances.size(); ++p) {
      if (!card_.taken[p]) distances[p] = std::numeric_limits<float>::infinity();
    }
    bound_ = blind_bound(logits, card_.taken.size(), client.logit_error);
    result_.server_view = drawn_bytes(sent);
    saw_query("the picture", sent.size(), remote_.traffic().down - traffic.down);
    return distances;
  }

  std::vector<std::vector<std::uint8_t>> fetch(std::span<const std::size_t> places) {
    const auto shape = card_.shape();
    const fs::path file = remote_.hint(gallery_, folder_, shape.hint_bytes() + kAroundHint);
    const auto hint = search::read_hint(card_.gallery, shape, read_file(file, kMostQueryBytes), file.string());
    if (hint.seed != card_.hint_seed) throw MismatchError(file.string() + " is not the hint of the server's card");
    forget_other_hints(file);
    search::FetchOwner owner(shape, hint.seed);
    std::vector<std::vector<std::uint8_t>> records;
    for (std::size_t first = 0; first < places.size(); first += search::kFetchCount) {
      const auto some = places.subspan(first, std::min(search::kFetchCount, places.size() - first));
      const search::FetchRequest asked{card_.gallery, search::random_question(), owner.ask(some)};
      const auto bytes = search::write_fetch_request(asked);
      const auto answer = remote_.fetch(gallery_.name, bytes);
      const auto reply = search::read_fetch_reply(card_.gallery, shape, answer, "the server's answer");
      if (reply.question != asked.question) throw MismatchError("the server answers another fetch than was asked");
      std::ranges::move(owner.read(hint, reply.answers), std::back_inserter(records));
      result_.bytes.fetch += bytes.size() + answer.size();
    }
    const std::size_t fetches = (places.size() + search::kFetchCount - 1) / search::kFetchCount * search::kFetchCount;
    saw(fmt::format("{} private fetches, of {} images or fewer: not of which", fetches, fetches));
    result_.bytes.hint = shape.hint_bytes();
    return records;
  }

  /// Of versions that are gone.
  static void forget_other_hints(const fs::path& file) {
    std::error_code ec;
    std::vector<fs::path> old;
    for (fs::directory_iterator at(file.parent_path(), ec), end; !ec && at != end; at.increment(ec)) {
      if (at->path().extension() == file.extension() && at->path() != file) old.push_back(at->path());
    }
    for (const auto& one : old) fs::remove(one, ec);
  }

  remote::Remote& remote_;
  const RemoteSearchRequest& request_;
  const Notes& note_;
  ThreadPool pool_;
  Stopwatch watch_;
  remote::Traffic before_;
  remote::GalleryFacts gallery_;
  search::GalleryCard card_;
  fs::path folder_;
  double bound_ = 0;  // of the errors of distances
  SearchResult result_;
};

}  // namespace

RemoteSearch search_remotely(remote::Remote& remote, const RemoteSearchRequest& request, const Notes& note) {
  return Search(remote, request, note).run();
}

nlohmann::ordered_json remote_search_json(const RemoteSearch& done, const std::string& server,
                                          const std::string& command) {
  auto json = search_json(done.result, command);
  json["server"] = server;
  json["gallery_name"] = done.gallery;
  json["bytes"]["up"] = done.cost.up, json["bytes"]["down"] = done.cost.down;
  return json;
}

}  // namespace obscura::study
