// What travels between somebody who searches and the server of a gallery, and what a gallery keeps.
#include <memory>
#include <utility>

#include "base/error.h"
#include "fuzz/readers.h"
#include "fuzz/samples.h"
#include "search/encrypted_gallery.h"
#include "search/feature_selection.h"
#include "search/messages.h"
#include "search/owner/fetch_owner.h"
#include "search/records.h"

namespace obscura::fuzz {
namespace {

constexpr unsigned kErrors = kFormat | kMismatch | kParameter;
constexpr MemoryBound kMemory{64, std::size_t{1} << 15};
const search::QuestionId kQuestion{9, 8, 7};

search::GalleryVersion version() {
  return {"00112233445566778899aabbccddeeff", 7};
}

search::GalleryCard card(search::VectorKind kind) {
  search::GalleryCard made;
  made.form = {kind, 4, 3, "ab12", "output", "drawn", {"cat", "dog"}};
  if (kind == search::VectorKind::code) made.form.selection = {9, {0, 3, 4, 8}, {0.5F, -1, 2, 0}, "a forest", 100};
  made.gallery = version();
  made.record_bytes = 3;
  for (int i = 0; i < 13; ++i) made.taken.push_back(i % 3 != 1);
  made.hint_seed[5] = 9;
  return made;
}

search::GalleryImage image() {
  return {"a.png", 1, {1, 0, 0, 0}, {1, 2, 0, 1, 0, 50, 60}};
}

/// Eight bytes to a record, so few that a fetch is short.
search::FetchShape shape() {
  return card(search::VectorKind::unit).shape();
}

std::vector<std::vector<std::uint32_t>> words(std::size_t count, Random& random) {
  std::vector<std::vector<std::uint32_t>> lists(search::kFetchCount, std::vector<std::uint32_t>(count));
  for (auto& list : lists) {
    for (auto& word : list) word = static_cast<std::uint32_t>(random()) & search::kFetchMask;
  }
  return lists;
}

}  // namespace

Reader gallery_card_reader() {
  const auto rewrite = [](ByteSpan in) -> std::optional<Bytes> {
    const auto read = search::read_card(in, "input");
    // What owners derive from it before they ask.
    read.plan();
    return search::write_card(read);
  };
  const std::vector<Bytes> seeds{search::write_card(card(search::VectorKind::unit)),
                                 search::write_card(card(search::VectorKind::code))};
  return {"gallery_card", seeds, rewrite, kErrors | kUnsupported, Seal::envelope, kMemory, 2048};
}

Reader gallery_query_reader() {
  const auto context = ckks::Context::create(tiny_parameters());
  Random random(21);
  const search::GalleryQuery query{version(), drawn_id(random), kQuestion, drawn_seeded(*context, 2, random)};
  const auto rewrite = [context](ByteSpan in) -> std::optional<Bytes> {
    return search::write_gallery_query(*context, search::read_gallery_query(*context, version(), in, "input"));
  };
  return {
      "gallery_query", {search::write_gallery_query(*context, query)}, rewrite, kErrors, Seal::envelope, kMemory, 1024};
}

Reader gallery_answer_reader() {
  const auto context = ckks::Context::create(tiny_parameters());
  Random random(22);
  const search::GalleryAnswer answer{version(),
                                     drawn_id(random),
                                     kQuestion,
                                     {drawn_compact(*context, 1, 7, random), drawn_compact(*context, 1, 7, random)}};
  const auto rewrite = [context](ByteSpan in) -> std::optional<Bytes> {
    return search::write_gallery_answer(*context, search::read_gallery_answer(*context, version(), in, "input"));
  };
  return {"gallery_answer",
          {search::write_gallery_answer(*context, answer)},
          rewrite,
          kErrors,
          Seal::envelope,
          kMemory,
          1024};
}

Reader fetch_request_reader() {
  Random random(23);
  const search::FetchRequest request{version(), kQuestion, words(shape().columns(), random)};
  const auto rewrite = [](ByteSpan in) -> std::optional<Bytes> {
    return search::write_fetch_request(search::read_fetch_request(version(), shape(), in, "input"));
  };
  const Bytes seed = search::write_fetch_request(request);
  return {"fetch_request", {seed}, rewrite, kErrors, Seal::envelope, kMemory, seed.size() + 64};
}

Reader fetch_reply_reader() {
  Random random(24);
  const search::FetchReply reply{version(), kQuestion, words(shape().rows(), random)};
  const auto owner = std::make_shared<search::FetchOwner>(shape(), card(search::VectorKind::unit).hint_seed);
  const std::vector<std::size_t> wanted{12, 3};
  owner->ask(wanted);
  const Bytes secrets = owner->secrets();
  auto hint = std::make_shared<search::FetchHint>();
  hint->words.resize(shape().rows() * search::kFetchDegree, 77);
  const auto rewrite = [owner, secrets, hint](ByteSpan in) -> std::optional<Bytes> {
    const auto read = search::read_fetch_reply(version(), shape(), in, "input");
    owner->resume(secrets);
    owner->read(*hint, read.answers);
    return search::write_fetch_reply(read);
  };
  return {"fetch_reply",  {search::write_fetch_reply(reply)}, rewrite, kErrors,
          Seal::envelope, {64, std::size_t{1} << 18},         2048};
}

Reader fetch_hint_reader() {
  search::FetchHint hint;
  hint.words.resize(shape().rows() * search::kFetchDegree, 5);
  const auto rewrite = [](ByteSpan in) -> std::optional<Bytes> {
    return search::write_hint(version(), search::read_hint(version(), shape(), in, "input"));
  };
  const Bytes seed = search::write_hint(version(), hint);
  return {"fetch_hint", {seed}, rewrite, kErrors, Seal::envelope, kMemory, seed.size() + 64};
}

Reader fetch_secrets_reader() {
  const auto owner = std::make_shared<search::FetchOwner>(shape(), ring::Seed{});
  owner->ask(std::vector<std::size_t>{12, 3});
  const auto rewrite = [owner](ByteSpan in) -> std::optional<Bytes> {
    owner->resume(in);
    return owner->secrets();
  };
  return {"fetch_secrets", {owner->secrets()}, rewrite, kFormat, Seal::none, {64, std::size_t{1} << 17}, 2048};
}

Reader gallery_head_reader() {
  Random random(25);
  search::EncryptedGalleryHead head{version().id, 7, search::VectorKind::code, 600, drawn_id(random), 5000, {}};
  head.blocks.resize(head.plan().blocks(head.rows));
  head.blocks.back().fill(3);
  const auto rewrite = [](ByteSpan in) -> std::optional<Bytes> {
    return search::write_gallery_head(search::read_gallery_head(in, "input"));
  };
  return {"gallery_head",
          {search::write_gallery_head(head)},
          rewrite,
          kErrors | kUnsupported,
          Seal::envelope,
          kMemory,
          1024};
}

Reader selection_reader() {
  const search::FeatureSelection selection{9, {0, 3, 4, 8}, {0.5F, -1, 2, 0}, "a forest", 100};
  const auto rewrite = [](ByteSpan in) -> std::optional<Bytes> {
    return search::write_selection(search::read_selection(in, "input"));
  };
  return {"selection", {search::write_selection(selection)}, rewrite, kFormat, Seal::selection, kMemory, 512};
}

Reader record_reader() {
  const Bytes seed = search::write_record(image(), card(search::VectorKind::unit).form);
  const auto rewrite = [](ByteSpan in) -> std::optional<Bytes> {
    search::read_record(in);
    return nothing();  // padding is not looked at
  };
  return {"record", {seed}, rewrite, kFormat, Seal::none, kMemory, 4096};
}

}  // namespace obscura::fuzz
