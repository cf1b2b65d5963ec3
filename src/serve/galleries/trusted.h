#pragma once

#include <filesystem>

#include "base/parallel.h"
#include "ckks/wire.h"
#include "search/messages.h"

namespace obscura::serve {

/// Mode trusted (search/trusted_messages.h), in which THE SERVER SEES PICTURES. What does that holds a secret key and
/// is none of the service's: a program that has it gives it to Service::Options. Thread-safe.
class TrustedPictures {
 public:
  virtual ~TrustedPictures() = default;
  /// Whether it can search that gallery.
  virtual bool serves(const search::GalleryForm& form) const = 0;
  /// A file of kind trusted_card.
  virtual ckks::Bytes card(const search::GalleryCard& gallery) const = 0;
  /// A file of kind trusted_query in, one of kind trusted_answer out. `folder`: the gallery's. Throws as readers do,
  /// and MismatchError where the gallery has changed meanwhile.
  virtual ckks::Bytes answer(const search::GalleryCard& gallery, const std::filesystem::path& folder,
                             ckks::ByteSpan question) = 0;
  /// No question is longer.
  virtual std::size_t max_question_bytes() const = 0;
};

}  // namespace obscura::serve
