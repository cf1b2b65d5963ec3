#include "study/remote/trusted_query.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "search/owner/trusted_party.h"
#include "study/search/owner_steps.h"
#include "study/search/trusted.h"
#include "tensor/preprocessing.h"

namespace obscura::study {
namespace {

constexpr float kWhite = 255;

/// A byte a sample, planar: the server prepares it for its network.
std::vector<double> samples_of(std::span<const float> values) {
  std::vector<double> samples;
  for (const float v : values) samples.push_back(std::round(v * kWhite));
  return samples;
}

void check_hits(const search::TrustedAnswer& answer, const search::GalleryCard& card) {
  for (const auto& one : answer.found) {
    if (!card.taken[one.place]) {
      throw MismatchError("the server's answer has a place where its gallery has no picture");
    }
  }
}

}  // namespace

TrustedFound ask_trusted(remote::Remote& remote, const std::string& gallery, const search::GalleryCard& card,
                         const QueryPicture& picture, const PictureFit& fit, std::uint32_t top) {
  const auto context = ckks::Context::create(search::trusted_parameters());
  const auto trusted =
      search::read_trusted_card(*context, card.gallery, remote.trusted_card(gallery), "the card of the trusted server");
  if (trusted.record_bytes != card.record_bytes) {
    throw MismatchError("the card of the trusted server is of other records than the gallery's card");
  }
  TrustedFound found;
  const auto image = read_query_image(picture, trusted.input, default_preprocessing(trusted.input), fit);
  found.notes = image.notes;
  found.seen = picture_of_values(image.values, trusted.input, default_preprocessing(trusted.input));
  const search::TrustedParty party(context);
  const search::TrustedQuery query{card.gallery, search::random_question(), top, party.published(),
                                   party.encrypt_for(trusted.key, samples_of(image.values))};
  const auto sent = search::write_trusted_query(*context, query);
  const auto back = remote.trusted(gallery, sent);
  const auto answer =
      search::read_trusted_answer(*context, trusted, top, card.taken.size(), back, "the server's answer");
  if (answer.question != query.question) throw MismatchError("the server answers another question than was asked");
  check_hits(answer, card);
  const std::size_t pieces = search::trusted_ciphertexts(*context, card.record_bytes);
  for (std::size_t i = 0; i < answer.found.size(); ++i) {
    const auto record = party.open_bytes(std::span(answer.records).subspan(i * pieces, pieces), card.record_bytes);
    found.hits.push_back(hit_of(answer.found[i].place, answer.found[i].distance, record, card.form));
  }
  found.bytes.query = sent.size(), found.bytes.reply = back.size();
  return found;
}

}  // namespace obscura::study
