// What travels of a search: read as it was written, and nothing else is read.
#include "search/messages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "base/error.h"
#include "search/owner/fetch_owner.h"
#include "search/owner/score_owner.h"
#include "search/packed_words.h"
#include "search/problem.h"
#include "search/score_table.h"

namespace obscura::search {
namespace {

using testing::HasSubstr;

const GalleryVersion kGallery{"00112233445566778899aabbccddeeff", 7};

GalleryCard card() {
  GalleryCard made;
  made.form = {VectorKind::unit, 4, 100, "ab12", "output", "drawn", {"cat", "dog"}};
  made.gallery = kGallery;
  made.record_bytes = 165;
  for (int i = 0; i < 13; ++i) made.taken.push_back(i % 3 != 1);
  made.hint_seed[5] = 9;
  return made;
}

/// Every prefix is refused, and so is every file with a byte changed.
void expect_guarded(const ckks::Bytes& bytes, const auto& read) {
  for (std::size_t length = 0; length < bytes.size(); length += 1 + bytes.size() / 50) {
    EXPECT_THAT(problem([&] { read(std::span(bytes).first(length)); }), HasSubstr("format: ")) << length;
  }
  std::mt19937 random(1);
  for (int i = 0; i < 30; ++i) {
    ckks::Bytes changed = bytes;
    changed[random() % changed.size()] ^= static_cast<std::uint8_t>(1U << (random() % 8));
    EXPECT_NE(problem([&] { read(std::span<const std::uint8_t>(changed)); }), "read");
  }
  ckks::Bytes longer = bytes;
  longer.push_back(0);
  EXPECT_THAT(problem([&] { read(std::span<const std::uint8_t>(longer)); }), HasSubstr("format: "));
}

TEST(SearchMessages, PackedWordsComeBack) {
  std::mt19937 random(3);
  for (const int bits : {1, 2, 7, 8, 26, 31, 32}) {
    for (const std::size_t count : {0u, 1u, 3u, 8u, 1000u}) {
      std::vector<std::uint32_t> words(count);
      for (auto& word : words) word = static_cast<std::uint32_t>(random() & ((std::uint64_t{1} << bits) - 1));
      ByteWriter out;
      put_packed(out, words, bits);
      EXPECT_EQ(out.size(), (count * static_cast<std::size_t>(bits) + 7) / 8);
      ByteReader in(out.bytes(), "words");
      EXPECT_EQ(get_packed(in, count, bits), words) << bits;
      in.finish();
    }
  }
  const std::vector<std::uint8_t> behind = {0xff};
  ByteReader in(behind, "words");
  EXPECT_THROW(get_packed(in, 3, 2), FormatError);
}

TEST(SearchMessages, CardsComeBack) {
  GalleryCard made = card();
  EXPECT_EQ(read_card(write_card(made)), made);
  EXPECT_EQ(made.images(), 9u);
  made.form.kind = VectorKind::code;
  made.form.selection = {9, {0, 3, 4, 8}, {0.5F, -1, 2, 0}, "a forest", 100};
  EXPECT_EQ(read_card(write_card(made)), made);
  expect_guarded(write_card(made), [](auto bytes) { read_card(bytes); });
}

// A sound file around what no gallery has.
TEST(SearchMessages, CardsThatCannotBeAreRefused) {
  const auto refused = [](auto change, const std::string& what) {
    GalleryCard made = card();
    change(made);
    EXPECT_THAT(problem([&] { read_card(write_card(made)); }), HasSubstr(what));
  };
  refused([](GalleryCard& c) { c.form.dimension = 5000; }, "format: card of the gallery is none");
  refused([](GalleryCard& c) { c.form.dimension = 0; }, "format: ");
  refused([](GalleryCard& c) { c.record_bytes = 0; }, "format: ");
  refused([](GalleryCard& c) { c.taken.clear(); }, "without a place");
  refused([](GalleryCard& c) { c.gallery.version = 0; }, "version that there is not");
  refused([](GalleryCard& c) { c.form.selection.columns = {3, 2, 1, 0}; }, "format: ");
}

TEST(SearchMessages, QuestionsAndAnswersComeBack) {
  ThreadPool pool(1);
  const ScoreOwner owner(card().plan());
  const std::vector<float> rows = {1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0.6F, 0.8F};
  const ScoreTable table(owner.plan(), {rows, 4}, pool);
  const ckks::Context& context = *table.context();
  const GalleryQuery query{kGallery, owner.key().id(), random_question(),
                           owner.encrypt(std::vector<float>{1, 1, 0, 0})};
  const auto bytes = write_gallery_query(context, query);
  const auto read = read_gallery_query(context, kGallery, bytes);
  EXPECT_EQ(read.question, query.question);
  EXPECT_EQ(read.key, query.key);
  expect_guarded(bytes, [&](auto b) { read_gallery_query(context, kGallery, b); });
  const ckks::Evaluator evaluator(table.context(),
                                  std::make_shared<ckks::EvaluationKeys>(context, owner.evaluation_keys()));
  const GalleryAnswer answer{kGallery, read.key, read.question,
                             table.scores(expand(context, read.vector), evaluator, pool)};
  const auto sent = write_gallery_answer(context, answer);
  // Found by fuzzing: what stands around a message was under any parameters at all.
  const auto under_others = [](const ckks::Bytes& file) {
    const auto envelope = ckks::open_envelope(file, "it");
    return ckks::seal_envelope(envelope.kind, ckks::Digest{1}, envelope.payload);
  };
  EXPECT_THAT(problem([&] { read_gallery_query(context, kGallery, under_others(bytes)); }), HasSubstr("mismatch: "));
  EXPECT_THAT(problem([&] { read_gallery_answer(context, kGallery, under_others(sent)); }), HasSubstr("mismatch: "));
  const auto back = read_gallery_answer(*owner.context(), kGallery, sent);
  EXPECT_EQ(back.question, query.question);
  const auto scores = owner.read(back.scores, 3);
  EXPECT_NEAR(scores[0], std::sqrt(0.5), 0.01);
  EXPECT_NEAR(scores[2], 0, 0.01);
  EXPECT_THAT(problem([&] { read_gallery_query(context, kGallery, sent); }),
              HasSubstr("expected an encrypted question"));
}

TEST(SearchMessages, OtherGalleriesAndVersionsAreNamed) {
  const auto shape = card().shape();
  const FetchRequest request{kGallery, random_question(),
                             std::vector<FetchQuery>(kFetchCount, FetchQuery(shape.columns()))};
  const auto bytes = write_fetch_request(request);
  EXPECT_EQ(read_fetch_request(kGallery, shape, bytes).queries, request.queries);
  GalleryVersion newer = kGallery, other = kGallery;
  newer.version = 8, other.id[0] = 'f';
  EXPECT_THAT(problem([&] { read_fetch_request(newer, shape, bytes); }),
              HasSubstr("mismatch: fetch is of version 7 of the gallery, and this is version 8"));
  EXPECT_THAT(problem([&] { read_fetch_request(other, shape, bytes); }),
              HasSubstr("mismatch: fetch is of another gallery"));
  expect_guarded(bytes, [&](auto b) { read_fetch_request(kGallery, shape, b); });
}

// A fetch whose answer another process reads.
TEST(SearchMessages, FetchesAreGoneOnWith) {
  const GalleryCard known = card();
  const auto shape = known.shape();
  FetchTable table(shape);
  std::vector<std::vector<std::uint8_t>> records;
  for (std::size_t i = 0; i < known.taken.size(); ++i) {
    records.emplace_back(known.record_bytes, static_cast<std::uint8_t>(7 * i + 1));
    table.put(i, records.back());
  }
  ThreadPool pool(1);
  const auto hint = read_hint(kGallery, shape, write_hint(kGallery, make_hint(table, known.hint_seed, pool)));
  std::vector<std::uint8_t> kept;
  FetchRequest request{kGallery, random_question(), {}};
  {
    FetchOwner asking(shape, known.hint_seed);
    EXPECT_THROW(asking.secrets(), MismatchError);
    request.queries = asking.ask(std::vector<std::size_t>{12, 3});
    kept = asking.secrets();
  }
  const auto asked = read_fetch_request(kGallery, shape, write_fetch_request(request));
  const auto reply = read_fetch_reply(kGallery, shape,
                                      write_fetch_reply({kGallery, asked.question, table.answer(asked.queries, pool)}));
  FetchOwner reading(shape, known.hint_seed);
  reading.resume(kept);
  EXPECT_THAT(reading.read(hint, reply.answers), testing::ElementsAre(records[12], records[3]));
  for (std::size_t length = 0; length < kept.size(); length += 97) {
    EXPECT_THROW(reading.resume(std::span(kept).first(length)), FormatError);
  }
  kept[4] = 200;  // a record that there is not
  EXPECT_THROW(reading.resume(kept), FormatError);
}

}  // namespace
}  // namespace obscura::search
