#include "study/search/owner_steps.h"

#include <fmt/format.h>

#include <limits>

#include "base/error.h"
#include "search/records.h"
#include "secret/wire.h"
#include "study/search/gallery_scores.h"
#include "study/search/vectors.h"

namespace fs = std::filesystem;

namespace obscura::study {
namespace {

/// Of the bound on errors, which they never reach: what two distances that are told apart differ by.
constexpr double kToldApart = 0.25;

}  // namespace

search::GalleryCard read_checked_card(ckks::ByteSpan bytes, const std::string& what) {
  auto card = search::read_card(bytes, what);
  if (card.record_bytes != search::record_bytes(card.form)) {
    throw FormatError(what + " has records of another length than its thumbnails make");
  }
  return card;
}

KeptScoreOwner kept_score_owner(const fs::path& file, const search::ScorePlan& plan, const ckks::Sealing& sealing) {
  if (fs::exists(file)) {
    return {std::make_unique<search::ScoreOwner>(plan, ckks::load_secret_key(file, sealing.passphrase)), false};
  }
  fs::create_directories(file.parent_path());
  auto owner = std::make_unique<search::ScoreOwner>(plan);
  ckks::save_secret_key(file, owner->key(), sealing);
  return {std::move(owner), true};
}

std::vector<float> vector_of_picture(const fs::path& network_file, const QueryPicture& asked, const PictureFit& fit,
                                     const search::GalleryCard& card, const Notes& note) {
  VectorNetwork network(network_file, card.form);
  if (network.digest() != card.form.network) {
    throw MismatchError(fmt::format("{} is not the network of the gallery (SHA-256 {}...)", network_file.string(),
                                    card.form.network.substr(0, 16)));
  }
  const auto& graph = network.graph();
  const auto picture = read_query_image(asked, graph.input_shape(), graph.preprocessing, fit);
  for (const std::string& line : picture.notes) note(line);
  if (!picture.warning.empty()) note(picture.warning);
  return network.of(std::span(&picture.values, 1)).front();
}

std::vector<float> distances_of_scores(std::vector<float> scores, const search::GalleryCard& card) {
  const auto distance = own_distance(card.form.kind);
  for (std::size_t place = 0; place < scores.size(); ++place) {
    scores[place] = card.taken[place] ? distance_of_score(scores[place], distance, card.form.kind, card.form.dimension)
                                      : std::numeric_limits<float>::infinity();
  }
  return scores;
}

SearchHit hit_of(std::size_t place, double distance, std::span<const std::uint8_t> record,
                 const search::GalleryForm& form) {
  SearchHit hit{place, distance, {}, search::read_record(record)};
  const auto label = static_cast<std::size_t>(hit.image.label);
  if (hit.image.label >= 0 && label < form.classes.size()) hit.class_name = form.classes[label];
  return hit;
}

std::string equally_near_text(std::span<const SearchHit> hits, double bound) {
  if (bound == 0 || hits.size() < 2) return {};
  if (hits.back().distance - hits.front().distance >= kToldApart * bound) return {};
  return fmt::format(
      "what was found is equally near, as far as encrypted scores tell ({:.1g}): images that are as "
      "near may be missing, and come in any order",
      kToldApart * bound);
}

}  // namespace obscura::study
