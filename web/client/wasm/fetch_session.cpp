#include "fetch_session.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

#include "base/error.h"

namespace obscura::web {
namespace {

search::GalleryCard checked_card(ckks::ByteSpan bytes) {
  auto card = search::read_card(bytes, "the card of the gallery");
  if (card.record_bytes != search::record_bytes(card.form)) {
    throw FormatError("the card of the gallery has records of another length than its thumbnails make");
  }
  return card;
}

/// Of what is in a browser's memory: the words of a hint are counted in 32 bits.
constexpr std::uint64_t kMostHintBytes = std::uint64_t{480} << 20;

search::FetchShape payable_shape(const search::GalleryCard& card) {
  const auto shape = card.shape();
  if (shape.hint_bytes() <= kMostHintBytes) return shape;
  throw UnsupportedError("the gallery has a hint of " + std::to_string(shape.hint_bytes() >> 20) +
                         " MiB, more than the " + std::to_string(kMostHintBytes >> 20) + " that a browser takes");
}

double length_of(std::span<const double> vector) {
  const double squares = std::inner_product(vector.begin(), vector.end(), vector.begin(), 0.0);
  if (squares == 0) throw MismatchError("the network says nothing of the picture: its vector is zero");
  return std::sqrt(squares);
}

}  // namespace

FetchSession::FetchSession(ckks::ByteSpan card)
    : card_(checked_card(card)), owner_(payable_shape(card_), card_.hint_seed) {}

void FetchSession::set_hint(ckks::ByteSpan file) {
  auto hint = search::read_hint(card_.gallery, card_.shape(), file, "the hint of the gallery");
  if (hint.seed != card_.hint_seed) throw MismatchError("the hint is not the one of the gallery's card");
  hint_ = std::move(hint);
}

std::vector<FetchSession::Near> FetchSession::nearest(std::span<const double> said, std::size_t top) const {
  const std::size_t places = card_.taken.size();
  if (said.size() != places + card_.form.dimension) {
    throw MismatchError("the model says " + std::to_string(said.size()) + " numbers, but the gallery has " +
                        std::to_string(places) + " places and vectors of " + std::to_string(card_.form.dimension));
  }
  if (top == 0 || top > card_.images()) {
    throw UsageError(std::to_string(top) + " are wanted, and the gallery has " + std::to_string(card_.images()) +
                     " images");
  }
  const double length = length_of(said.subspan(places));
  std::vector<Near> all;
  for (std::size_t p = 0; p < places; ++p) {
    if (card_.taken[p]) all.push_back({p, 1 - said[p] / length});
  }
  // Of equal ones the first.
  std::stable_sort(all.begin(), all.end(), [](const Near& a, const Near& b) { return a.distance < b.distance; });
  all.resize(top);
  return all;
}

ckks::Bytes FetchSession::ask(std::span<const std::size_t> places) {
  auto queries = owner_.ask(places);
  question_ = search::random_question();
  asked_.assign(places.begin(), places.end());
  return search::write_fetch_request({card_.gallery, *question_, std::move(queries)});
}

std::vector<FetchSession::Found> FetchSession::read(ckks::ByteSpan bytes) {
  if (!question_) throw MismatchError("nothing was asked for");
  if (!hint_) throw MismatchError("what was fetched cannot be read without the gallery's hint");
  const auto reply = search::read_fetch_reply(card_.gallery, card_.shape(), bytes, "what was fetched");
  if (reply.question != *question_) throw MismatchError("the server answers another fetch than was asked");
  const auto records = owner_.read(*hint_, reply.answers);
  question_.reset();
  std::vector<Found> found;
  for (std::size_t i = 0; i < records.size(); ++i) {
    Found one{asked_[i], search::read_record(records[i]), {}};
    const auto label = static_cast<std::size_t>(one.image.label);
    if (one.image.label >= 0 && label < card_.form.classes.size()) one.class_name = card_.form.classes[label];
    found.push_back(std::move(one));
  }
  return found;
}

}  // namespace obscura::web
