// Encrypted galleries on disk are one version or the next, and what was damaged or exchanged is refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "base/error.h"
#include "base/file.h"
#include "ckks/wire_cases.h"
#include "search/encrypted_folder.h"
#include "search/encrypted_support.h"
#include "search/owner/encrypted_update.h"
#include "support/temporary.h"

namespace obscura::search {
namespace {

using namespace encrypted_test;
namespace wire_test = ckks::wire_test;
namespace fs = std::filesystem;
using ckks::Bytes;
using ckks::ByteSpan;
using testing::HasSubstr;
using testing::ThrowsMessage;

const std::string kId = "00112233445566778899aabbccddeeff";

/// A gallery of 5,000 vectors of 8 numbers in a folder, two blocks, and its owner.
class EncryptedFolder : public ::testing::Test {
 protected:
  EncryptedFolder() { commit({kId, 1, {}, nullptr}); }

  EncryptedGalleryHead encrypt(const EncryptedUpdate& update, EncryptedGalleryFolder& to) {
    const auto values = values_of(rows_);
    return encrypt_gallery(
        owner_, {values, 8}, update, [&](const Bytes& file) { to.put_block(file), ++made_; }, pool_);
  }
  void commit(const EncryptedUpdate& update) {
    made_ = 0;
    folder_.commit(encrypt(update, folder_));
  }
  void expect_scores(const EncryptedScoreTable& table) {
    const ckks::Evaluator evaluator(table.context(),
                                    std::make_shared<ckks::EvaluationKeys>(*table.context(), owner_.evaluation_keys()));
    std::mt19937_64 random(4);
    const auto query = drawn_row(VectorKind::code, 8, random);
    const auto scores = owner_.read(table.scores(owner_.encrypt(query), evaluator, pool_), rows_.size());
    for (std::size_t r = 0; r < rows_.size(); ++r) ASSERT_EQ(scores[r], product(query, rows_[r])) << r;
  }
  /// The file of a block, with its bytes.
  fs::path block_file(std::size_t block) const {
    for (const auto& entry : fs::directory_iterator(folder_.path())) {
      if (entry.path().extension() == ".block" &&
          gallery_block_checksum(read_file(entry.path())) == folder_.head()->blocks[block]) {
        return entry.path();
      }
    }
    return {};
  }
  std::size_t files() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder_.path()), fs::directory_iterator()));
  }

  TemporaryFolder temporary_;
  ThreadPool pool_{2};
  EncryptedGalleryOwner owner_{plan_encrypted_scores(VectorKind::code, 8)};
  Rows rows_ = drawn_rows(VectorKind::code, 8, 5000, 1);
  EncryptedGalleryFolder folder_{temporary_.path() / "gallery"};
  std::size_t made_ = 0;
};

TEST_F(EncryptedFolder, IsReadAsItWasWritten) {
  const EncryptedGalleryFolder again(folder_.path());
  ASSERT_TRUE(again.head());
  EXPECT_EQ(*again.head(), *folder_.head());
  EXPECT_EQ(again.head()->key, owner_.key().id());
  EXPECT_EQ(files(), 3U);
  expect_scores(load_table(again, pool_));
}

TEST_F(EncryptedFolder, ChangesReencryptTheirBlocksAlone) {
  auto table = load_table(folder_, pool_);
  auto before = *folder_.head();
  // One vector more, in the second block.
  std::mt19937_64 random(2);
  rows_.push_back(drawn_row(VectorKind::code, 8, random));
  commit({kId, 2, {1}, &before});
  EXPECT_EQ(made_, 1U);
  EXPECT_EQ(folder_.head()->blocks[0], before.blocks[0]);
  EXPECT_EQ(changed_blocks(before, *folder_.head()), std::vector<std::size_t>{1});
  update_table(table, before, folder_, pool_);
  expect_scores(table);
  // One less in the first block, and so many more that there is a third.
  before = *folder_.head();
  rows_[17].assign(8, 0);
  for (const auto& row : drawn_rows(VectorKind::code, 8, 4000, 3)) rows_.push_back(row);
  commit({kId, 3, {0, 1}, &before});
  EXPECT_EQ(made_, 3U);
  update_table(table, before, folder_, pool_);
  expect_scores(table);
  // All but the first block gone.
  before = *folder_.head();
  rows_.resize(4000);
  commit({kId, 9, {0, 1, 2}, &before});
  EXPECT_EQ(made_, 1U);
  update_table(table, before, folder_, pool_);
  expect_scores(table);
  expect_scores(load_table(EncryptedGalleryFolder(folder_.path()), pool_));
  EXPECT_EQ(files(), 2U) << "blocks of old versions are gone";
}

TEST_F(EncryptedFolder, StaysWhatItWasUntilAHeadIsWritten) {
  const auto before = *folder_.head();
  rows_[3].assign(8, 1);
  encrypt({kId, 2, {0}, &before}, folder_);  // and then the machine stops
  const auto changed = rows_;
  rows_ = drawn_rows(VectorKind::code, 8, 5000, 1);
  EncryptedGalleryFolder again(folder_.path());
  EXPECT_EQ(*again.head(), before);
  EXPECT_EQ(files(), 4U);
  expect_scores(load_table(again, pool_));
  rows_ = changed;
  again.commit(encrypt({kId, 2, {0}, &before}, again));
  EXPECT_EQ(files(), 3U);
  expect_scores(load_table(again, pool_));
}

TEST_F(EncryptedFolder, DamagedBlocksAreRefused) {
  const fs::path file = block_file(1);
  const Bytes sound = read_file(file);
  const auto refused = [&](const Bytes& bytes, const char* problem) {
    write_file(file, bytes);
    EXPECT_THAT([&] { load_table(folder_, pool_); },
                ThrowsMessage<FormatError>(testing::AllOf(testing::StartsWith(file.string()), HasSubstr(problem),
                                                          testing::Not(HasSubstr("\n")))));
  };
  Bytes altered = sound;
  altered[sound.size() / 2] ^= 1;
  refused(altered, "was altered, or is of another gallery or version");
  wire_test::reseal(altered);  // by somebody who knows the format
  refused(altered, "was altered");
  refused(Bytes(sound.begin(), sound.end() - 1), "is truncated");
  refused({}, "is truncated");
  refused(read_file(block_file(0)), "another gallery or version");
  fs::remove(file);
  EXPECT_THROW(load_table(folder_, pool_), IoError);
  EXPECT_THROW(folder_.block(2), UsageError);
  write_file(file, sound);
  expect_scores(load_table(folder_, pool_));
}

TEST_F(EncryptedFolder, BlocksOfAnotherVersionOrGalleryAreRefused) {
  const fs::path file = block_file(0);
  const auto before = *folder_.head();
  const Bytes old = read_file(file);
  rows_[3].assign(8, 1);
  commit({kId, 2, {0}, &before});
  write_file(block_file(0), old);
  EXPECT_THAT([&] { load_table(folder_, pool_); }, ThrowsMessage<FormatError>(HasSubstr("another gallery or version")));
}

TEST_F(EncryptedFolder, UpdatesThatDoNotFollowAreRefused) {
  const auto before = *folder_.head();
  const auto refused = [&](auto&& change, const char* problem) {
    EncryptedGalleryHead next = before;
    ++next.version;
    change(next);
    EXPECT_THAT([&] { folder_.commit(next); }, ThrowsMessage<MismatchError>(HasSubstr(problem)));
    EXPECT_EQ(*EncryptedGalleryFolder(folder_.path()).head(), before);
  };
  refused([](auto& h) { h.id[0] = 'a'; }, "for the gallery ");
  refused([](auto& h) { h.key[0] ^= 1; }, "another secret key");
  refused([](auto& h) { h.kind = VectorKind::unit; }, "kind unit");
  refused([](auto& h) { h.dimension = 9; }, "9 numbers");
  refused([](auto& h) { h.version = 1; }, "version 1 of an encrypted gallery does not follow version 1");
  refused([](auto& h) { h.rows = 10'000; }, "10000 places");
  // A block that was never put, and one that is none.
  EncryptedGalleryHead next = before;
  ++next.version;
  next.blocks[0].fill(9);
  EXPECT_THROW(folder_.commit(next), IoError);
  const Bytes none{1, 2, 3};
  folder_.put_block(none);
  next.blocks[0] = gallery_block_checksum(none);
  EXPECT_THROW(folder_.commit(next), FormatError);
  EXPECT_EQ(*EncryptedGalleryFolder(folder_.path()).head(), before);
  // The owner, too, knows what follows.
  EncryptedGalleryFolder other(temporary_.path() / "other");
  EXPECT_THROW(encrypt({kId, 1, {0}, &before}, other), MismatchError);
  EXPECT_THROW(load_table(other, pool_), UsageError);
}

TEST_F(EncryptedFolder, DamagedHeadsAreRefused) {
  const fs::path file = folder_.path() / "gallery.head";
  const Bytes sound = read_file(file);
  for (const std::size_t size : {std::size_t{0}, std::size_t{60}, sound.size() - 1}) {
    write_file(file, ByteSpan(sound).first(size));
    EXPECT_THROW(EncryptedGalleryFolder{folder_.path()}, FormatError) << size;
  }
}

}  // namespace
}  // namespace obscura::search
