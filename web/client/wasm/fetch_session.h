#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "search/messages.h"
#include "search/owner/fetch_owner.h"
#include "search/records.h"

namespace obscura::web {

/// The owner's half of private fetching from one version of a gallery. Not thread-safe.
class FetchSession {
 public:
  /// Of the gallery's card. Throws FormatError for what is none.
  explicit FetchSession(ckks::ByteSpan card);

  const search::GalleryCard& card() const { return card_; }

  /// Throws FormatError; MismatchError for the hint of another gallery, or of another version.
  void set_hint(ckks::ByteSpan file);

  /// The places with the least distances, best first, of what the gallery's program says of a picture: scores of all
  /// places and behind them the picture's vector, whose length makes cosines of them. Throws MismatchError for another
  /// number of them, or a vector of zeros; UsageError for more than there are images.
  struct Near {
    std::size_t place = 0;
    double distance = 0;
  };
  std::vector<Near> nearest(std::span<const double> said, std::size_t top) const;

  /// A request for 1 to search::kFetchCount places. Throws as FetchOwner::ask.
  ckks::Bytes ask(std::span<const std::size_t> places);
  /// What was asked for last. Throws MismatchError where nothing was, there is no hint, or it is another's answer.
  struct Found {
    std::size_t place = 0;
    search::FoundImage image;
    std::string class_name;
  };
  std::vector<Found> read(ckks::ByteSpan reply);

 private:
  search::GalleryCard card_;
  search::FetchOwner owner_;
  std::optional<search::FetchHint> hint_;
  std::optional<search::QuestionId> question_;
  std::vector<std::size_t> asked_;
};

}  // namespace obscura::web
