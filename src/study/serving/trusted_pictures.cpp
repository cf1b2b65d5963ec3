#include "study/serving/trusted_pictures.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <mutex>

#include "base/error.h"
#include "search/distances.h"
#include "search/gallery.h"
#include "search/owner/trusted_party.h"
#include "search/records.h"
#include "study/search/gallery_scores.h"
#include "study/search/vectors.h"

namespace fs = std::filesystem;

namespace obscura::study {
namespace {

/// One version of a gallery, as it is searched in the clear.
struct ReadGallery {
  ReadGallery(search::Gallery&& opened, const fs::path& file)
      : gallery(std::move(opened)),
        vectors(gallery.vectors()),
        network(file, gallery.form()),
        distances(gallery.form(), vectors, own_distance(gallery.form().kind)) {}

  search::Gallery gallery;
  search::Gallery::Vectors vectors;
  VectorNetwork network;
  PlainDistances distances;
};

class Pictures final : public serve::TrustedPictures {
 public:
  explicit Pictures(const fs::path& network)
      : file_(network),
        network_(network, kVectorsOfOutput),
        context_(ckks::Context::create(search::trusted_parameters())),
        party_(context_) {
    const Shape input = network_.graph().input_shape();
    if (input.channels != 1 && input.channels != 3) {
      throw UnsupportedError(fmt::format("{} takes {} channels: mode trusted is for grey and RGB pictures",
                                         network.string(), input.channels));
    }
  }

  bool serves(const search::GalleryForm& form) const override { return form.network == network_.digest(); }

  ckks::Bytes card(const search::GalleryCard& gallery) const override {
    return search::write_trusted_card(
        *context_, {gallery.gallery, network_.graph().input_shape(), gallery.record_bytes, party_.published()});
  }

  ckks::Bytes answer(const search::GalleryCard& gallery, const fs::path& folder, ckks::ByteSpan question) override {
    const Shape input = network_.graph().input_shape();
    const auto asked = search::read_trusted_query(*context_, gallery.gallery, input.size(), question);
    if (asked.top > gallery.images()) {
      throw UsageError(
          fmt::format("the question is for {} images, and the gallery has {}", asked.top, gallery.images()));
    }
    // HERE THE SERVER HAS THE PICTURE.
    const auto samples = party_.open_bytes(asked.picture, input.size());
    search::TrustedAnswer answer{gallery.gallery, asked.question, {}, {}};
    std::vector<double> record_bytes;
    const std::lock_guard lock(mutex_);
    ReadGallery& read = opened(gallery, folder);
    const std::vector<float> values = preprocess(samples, network_.graph().preprocessing);
    auto distances = read.distances.of(read.network.of(std::span(&values, 1)).front());
    for (std::size_t p = 0; p < distances.size(); ++p) {
      if (!read.vectors.taken[p]) distances[p] = std::numeric_limits<float>::infinity();
    }
    for (const auto place : search::nearest(distances, asked.top)) {
      answer.found.push_back({place, std::max(0.0F, distances[place])});
      const auto record = search::write_record(read.gallery.image(place), read.gallery.form());
      record_bytes.assign(record.begin(), record.end());
      std::ranges::move(party_.encrypt_for(asked.key, record_bytes), std::back_inserter(answer.records));
    }
    return search::write_trusted_answer(*context_, answer);
  }

  std::size_t max_question_bytes() const override {
    constexpr std::size_t kAround = 4096;
    const std::size_t polynomial = context_->slots() * 2 * sizeof(std::uint64_t);
    const std::size_t pieces = search::trusted_ciphertexts(*context_, network_.graph().input_shape().size());
    return kAround + (2 * pieces + 2) * polynomial;
  }

 private:
  /// Of the version that the card names.
  ReadGallery& opened(const search::GalleryCard& card, const fs::path& folder) {
    auto& [version, read] = galleries_[card.gallery.id];
    if (!read || version != card.gallery.version) {
      read = std::make_unique<ReadGallery>(search::Gallery::open(folder), file_);
      version = card.gallery.version;
    }
    if (read->gallery.version() != version || read->vectors.taken != card.taken) {
      read.reset();
      throw MismatchError("the gallery has changed: ask again with its new card");
    }
    return *read;
  }

  fs::path file_;
  VectorNetwork network_;  // for its shape and its digest
  ckks::ContextPtr context_;
  search::TrustedParty party_;
  std::mutex mutex_;  // of what follows: networks run one at a time
  std::map<std::string, std::pair<std::int64_t, std::unique_ptr<ReadGallery>>> galleries_;
};

}  // namespace

std::shared_ptr<serve::TrustedPictures> trusted_pictures(const fs::path& network) {
  return std::make_shared<Pictures>(network);
}

}  // namespace obscura::study
