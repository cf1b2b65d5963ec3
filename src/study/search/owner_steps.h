#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/notes.h"
#include "search/messages.h"
#include "search/owner/score_owner.h"
#include "study/images/query_images.h"
#include "study/search/search.h"

/// What somebody who searches does on his side, whether files or a network carry what he sends.
namespace obscura::study {

/// A card, whose records are as long as its form makes them. Throws as search::read_card.
search::GalleryCard read_checked_card(ckks::ByteSpan bytes, const std::string& what);

/// The owner with the secret key of this file, which is made if there is none, and sealed where `sealing` says so.
struct KeptScoreOwner {
  std::unique_ptr<search::ScoreOwner> owner;
  bool fresh = false;
};
KeptScoreOwner kept_score_owner(const std::filesystem::path& key_file, const search::ScorePlan& plan,
                                const ckks::Sealing& sealing);

/// The vector that a gallery of this card has for a picture. Throws MismatchError where the network is not the
/// gallery's; and as reading pictures and networks does.
std::vector<float> vector_of_picture(const std::filesystem::path& network, const QueryPicture& picture,
                                     const PictureFit& fit, const search::GalleryCard& card, const Notes& note);

/// Scores become distances, infinite where the gallery has nothing.
std::vector<float> distances_of_scores(std::vector<float> scores, const search::GalleryCard& card);

/// What was fetched of a place.
SearchHit hit_of(std::size_t place, double distance, std::span<const std::uint8_t> record,
                 const search::GalleryForm& form);

/// A line that says that encrypted scores do not tell the hits apart, whose errors `bound` exceeds; empty where they
/// do. 0: they are exact.
std::string equally_near_text(std::span<const SearchHit> hits, double bound);

}  // namespace obscura::study
