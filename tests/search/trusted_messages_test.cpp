// Mode trusted: what travels is read as it was written, nothing else is read, and who has no key reads nothing.
#include "search/trusted_messages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "base/error.h"
#include "search/owner/trusted_party.h"
#include "search/problem.h"

namespace obscura::search {
namespace {

using testing::HasSubstr;

const GalleryVersion kGallery{"00112233445566778899aabbccddeeff", 7};
constexpr Shape kInput{3, 40, 40};  // two ciphertexts
constexpr std::size_t kRecordBytes = 5000, kPlaces = 20;

class TrustedMessages : public testing::Test {
 protected:
  TrustedMessages() : context_(ckks::Context::create(trusted_parameters())), server_(context_), client_(context_) {}

  static std::vector<double> bytes(std::size_t count, unsigned seed) {
    std::mt19937 random(seed);
    std::vector<double> out(count);
    for (auto& v : out) v = static_cast<double>(random() % 256);
    return out;
  }
  TrustedCard card() const { return {kGallery, kInput, kRecordBytes, server_.published()}; }
  TrustedQuery query(std::uint32_t top = 2) const {
    return {kGallery, random_question(), top, client_.published(),
            client_.encrypt_for(server_.published(), bytes(kInput.size(), 1))};
  }
  TrustedAnswer answer(std::vector<TrustedAnswer::Found> found) const {
    TrustedAnswer made{kGallery, random_question(), std::move(found), {}};
    for (std::size_t i = 0; i < made.found.size(); ++i) {
      const auto record = bytes(kRecordBytes, static_cast<unsigned>(i));
      std::ranges::move(server_.encrypt_for(client_.published(), record), std::back_inserter(made.records));
    }
    return made;
  }
  std::string read(const TrustedAnswer& made, std::uint32_t top) const {
    return problem(
        [&] { read_trusted_answer(*context_, card(), top, kPlaces, write_trusted_answer(*context_, made)); });
  }

  ckks::ContextPtr context_;
  TrustedParty server_, client_;
};

TEST_F(TrustedMessages, APictureGoesThereAndRecordsComeBack) {
  const auto card = read_trusted_card(*context_, kGallery, write_trusted_card(*context_, this->card()));
  EXPECT_EQ(card.input, kInput);
  EXPECT_EQ(card.record_bytes, kRecordBytes);
  const auto picture = bytes(kInput.size(), 3);
  const TrustedQuery sent{kGallery, random_question(), 2, client_.published(), client_.encrypt_for(card.key, picture)};
  const auto got = read_trusted_query(*context_, kGallery, kInput.size(), write_trusted_query(*context_, sent));
  EXPECT_EQ(got.question, sent.question);
  EXPECT_EQ(got.top, 2u);
  const auto opened = server_.open_bytes(got.picture, kInput.size());
  EXPECT_TRUE(std::equal(opened.begin(), opened.end(), picture.begin()));
  // Whoever has no key, and who has another one, has noise.
  EXPECT_THAT(problem([&] { TrustedParty(context_).open_bytes(got.picture, kInput.size()); }), HasSubstr("noise"));

  const auto made = answer({{7, 0.25}, {3, 0.5}});
  const auto back = read_trusted_answer(*context_, card, 2, kPlaces, write_trusted_answer(*context_, made));
  EXPECT_EQ(back.found[1].place, 3u);
  EXPECT_EQ(back.found[1].distance, 0.5);
  const auto second = client_.open_bytes(std::span(back.records).subspan(2), kRecordBytes);
  const auto expected = bytes(kRecordBytes, 1);
  EXPECT_TRUE(std::equal(second.begin(), second.end(), expected.begin()));
}

TEST_F(TrustedMessages, EveryByteCounts) {
  const auto check = [&](const ckks::Bytes& bytes, const auto& read) {
    for (std::size_t length = 0; length < bytes.size(); length += 1 + bytes.size() / 40) {
      EXPECT_THAT(problem([&] { read(std::span(bytes).first(length)); }), HasSubstr("format: ")) << length;
    }
    std::mt19937 random(1);
    for (int i = 0; i < 30; ++i) {
      ckks::Bytes changed = bytes;
      changed[random() % changed.size()] ^= static_cast<std::uint8_t>(1U << (random() % 8));
      EXPECT_NE(problem([&] { read(std::span<const std::uint8_t>(changed)); }), "read");
    }
  };
  check(write_trusted_card(*context_, card()), [&](auto b) { read_trusted_card(*context_, kGallery, b); });
  check(write_trusted_query(*context_, query()),
        [&](auto b) { read_trusted_query(*context_, kGallery, kInput.size(), b); });
  check(write_trusted_answer(*context_, answer({{7, 0.25}})),
        [&](auto b) { read_trusted_answer(*context_, card(), 1, kPlaces, b); });
}

TEST_F(TrustedMessages, WhatWasMadeForAnotherIsRefused) {
  const auto bytes = write_trusted_query(*context_, query());
  EXPECT_THAT(problem([&] {
                read_trusted_query(*context_, {kGallery.id, 8}, kInput.size(), bytes);
              }),
              HasSubstr("mismatch: "));
  EXPECT_THAT(problem([&] { read_trusted_query(*context_, kGallery, 100, bytes); }), HasSubstr("2 ciphertexts"));
  for (const std::uint32_t top : {0u, kMostTrusted + 1, ~0u}) {
    const auto asked = write_trusted_query(*context_, query(top));
    EXPECT_THAT(problem([&] { read_trusted_query(*context_, kGallery, kInput.size(), asked); }),
                HasSubstr("expected 1 to 100"));
  }
  const auto other = ckks::Context::create(ckks::make_parameters(13, {40}, {40}, 1));
  TrustedCard foreign = card();
  foreign.key = TrustedParty(other).published();
  const auto card_bytes = write_trusted_card(*other, foreign);
  EXPECT_THAT(problem([&] { read_trusted_card(*context_, kGallery, card_bytes); }), HasSubstr("other parameters"));
}

TEST_F(TrustedMessages, AnAnswerHasWhatWasAskedForInOrder) {
  EXPECT_EQ(read(answer({{7, 0.25}, {3, 0.25}}), 2), "read");
  EXPECT_THAT(read(answer({{7, 0.25}, {3, 0.5}}), 3), HasSubstr("expected 3"));
  EXPECT_THAT(read(answer({{7, 0.25}, {7, 0.5}}), 2), HasSubstr("one twice"));
  EXPECT_THAT(read(answer({{7, 0.25}, {kPlaces, 0.5}}), 2), HasSubstr("a place that there is not"));
  EXPECT_THAT(read(answer({{7, 0.5}, {3, 0.25}}), 2), HasSubstr("out of order"));
  EXPECT_THAT(read(answer({{7, -1}, {3, 0.25}}), 2), HasSubstr("out of order"));
  EXPECT_THAT(read(answer({{7, 0.5}, {3, NAN}}), 2), HasSubstr("out of order"));
  EXPECT_THAT(read(answer({{7, 0.5}, {3, INFINITY}}), 2), HasSubstr("out of order"));
  auto fewer = answer({{7, 0.25}, {3, 0.5}});
  fewer.records.pop_back();
  EXPECT_THAT(read(fewer, 2), HasSubstr("3 ciphertexts, expected 4"));
}

}  // namespace
}  // namespace obscura::search
