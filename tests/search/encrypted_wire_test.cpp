// Heads and blocks of encrypted galleries: their bytes are those of docs/wire-format.md, and hostile ones are refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "base/error.h"
#include "ckks/wire_cases.h"
#include "search/encrypted_gallery.h"
#include "search/encrypted_support.h"

namespace obscura::search {
namespace {

using namespace encrypted_test;
namespace wire_test = ckks::wire_test;
using ckks::Bytes;
using ckks::ByteSpan;
using testing::HasSubstr;
using testing::ThrowsMessage;

const std::string kId = "00112233445566778899aabbccddeeff";

EncryptedGalleryHead drawn_head(std::size_t rows) {
  EncryptedGalleryHead head{kId, 7, VectorKind::code, 600, {}, rows, {}};
  std::mt19937_64 random(rows);
  for (auto& byte : head.key) byte = static_cast<std::uint8_t>(random());
  head.blocks.resize(head.plan().blocks(rows));
  for (auto& checksum : head.blocks) {
    for (auto& byte : checksum) byte = static_cast<std::uint8_t>(random());
  }
  return head;
}

wire_test::Case head_case(std::size_t rows) {
  return {"head", write_gallery_head(drawn_head(rows)),
          [](ByteSpan in) { return write_gallery_head(read_gallery_head(in, wire_test::kWhat)); }};
}

TEST(EncryptedGalleryHead, RoundTrips) {
  for (const std::size_t rows : {0U, 1U, 4096U, 4097U, 50'000U}) {
    const auto head = drawn_head(rows);
    const Bytes file = write_gallery_head(head);
    EXPECT_EQ(file.size(), ckks::kEnvelopeBytes + 57 + 32 * head.blocks.size());
    EXPECT_EQ(read_gallery_head(file), head);
  }
}

/// The bytes that docs/wire-format.md promises.
TEST(EncryptedGalleryHead, HasTheLayoutOfThePage) {
  EncryptedGalleryHead head{kId, 0x0102, VectorKind::unit, 64, {}, 5000, {}};
  head.key.fill(0xab);
  head.blocks.resize(2);
  head.blocks[0].fill(1), head.blocks[1].fill(2);
  Bytes expected{0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee,
                 0xff, 0x02, 0x01, 0,    0,    0,    0,    0,    0,    1,    64,   0,    0,    0};
  expected.insert(expected.end(), 16, 0xab);
  for (const int byte : {0x88, 0x13, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0}) expected.push_back(static_cast<std::uint8_t>(byte));
  expected.insert(expected.end(), 32, 1);
  expected.insert(expected.end(), 32, 2);
  const Bytes file = write_gallery_head(head);
  EXPECT_EQ(Bytes(file.begin() + 52, file.end() - 32), expected);
  EXPECT_EQ(Bytes(file.begin(), file.begin() + 12), (Bytes{'O', 'B', 'S', 'C', 'U', 'R', 'A', 0, 1, 0, 16, 0}));
}

TEST(EncryptedGalleryHead, SurvivesHostileBytes) {
  for (const std::size_t rows : {1U, 9000U}) {
    const auto subject = head_case(rows);
    wire_test::expect_survives_mutations(subject, 12'000, 40 + rows);
    wire_test::expect_exact_length(subject);
  }
}

TEST(EncryptedGalleryHead, FieldsThatCannotBe) {
  const Bytes file = write_gallery_head(drawn_head(9000));
  const auto refused = [&](std::size_t at, Bytes bytes, const char* problem) {
    const Bytes bad = wire_test::patched(file, at, bytes);
    EXPECT_THAT([&] { read_gallery_head(bad, "gallery.head"); },
                ThrowsMessage<FormatError>(testing::AllOf(testing::StartsWith("gallery.head "), HasSubstr(problem))));
  };
  refused(23, {0x80}, "impossible version");
  refused(24, {2}, "kind 2, expected 0 or 1");
  refused(25, {0, 0, 0, 0}, "no numbers");
  refused(25, {0xff, 0xff, 0xff, 0xff}, "too long");
  refused(25, {0, 8, 0, 0}, "1024 or fewer");
  refused(45, {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, "3 blocks for");
  refused(53, {0xff, 0xff, 0xff, 0xff}, "4294967295 blocks");
  Bytes other = file;
  other[12] ^= 1;
  wire_test::reseal(other);
  EXPECT_THAT([&] { read_gallery_head(other); }, ThrowsMessage<MismatchError>(HasSubstr("other parameters")));
  for (const char* id : {"", "0011", "00112233445566778899aabbccddeefg", "00112233445566778899aabbccddeeff00"}) {
    EncryptedGalleryHead head = drawn_head(1);
    head.id = id;
    EXPECT_THROW(write_gallery_head(head), MismatchError);
  }
  EncryptedGalleryHead head = drawn_head(1);
  head.blocks.emplace_back();
  EXPECT_THROW(write_gallery_head(head), MismatchError);
}

TEST(EncryptedGalleryBlock, SurvivesHostileBytes) {
  ThreadPool pool(1);
  const EncryptedGalleryOwner owner(plan_encrypted_scores(VectorKind::unit, 2));
  const auto values = values_of(drawn_rows(VectorKind::unit, 2, 10, 1));
  const Bytes file = write_gallery_block(*owner.context(), owner.encrypt_block({values, 2}, 0, pool));
  EXPECT_EQ(file.size(), gallery_block_bytes(owner.plan()));
  // With the checksum of the sound file, and as if a head named what is there.
  const auto reads = [&](bool named) {
    return [&, named](ByteSpan in) {
      const auto sum = gallery_block_checksum(named ? in : ByteSpan(file));
      return write_gallery_block(*owner.context(),
                                 read_gallery_block(*owner.context(), owner.plan(), sum, in, wire_test::kWhat));
    };
  };
  wire_test::expect_survives_mutations({"block", file, reads(false)}, 1500, 3);
  wire_test::expect_survives_mutations({"named block", file, reads(true)}, 1500, 4);
  for (const std::size_t size : {0U, 1U, 84U, 100U, 25'000U}) {
    EXPECT_FALSE(wire_test::expect_survives({"block", file, reads(true)}, ByteSpan(file).first(size)));
  }
  // Sound blocks of another plan of the same size.
  const EncryptedScorePlan codes = plan_encrypted_scores(VectorKind::code, 2);
  EXPECT_THAT([&] { read_gallery_block(*owner.context(), codes, gallery_block_checksum(file), file); },
              ThrowsMessage<MismatchError>(HasSubstr("kind code")));
}

}  // namespace
}  // namespace obscura::search
