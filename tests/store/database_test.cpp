#include "store/database.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "base/error.h"
#include "base/file.h"
#include "support/temporary.h"

namespace obscura::store {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;
using Blob = std::vector<std::uint8_t>;

constexpr std::uint32_t kLetters = 0x54455354;

class DatabaseTest : public ::testing::Test {
 protected:
  Database make() {
    Database made(file_, Access::create, kLetters, 3);
    made.run("CREATE TABLE t (number INTEGER, words TEXT, bytes BLOB)");
    return made;
  }
  static std::int64_t count(Database& database) {
    auto rows = database.prepare("SELECT count(*) FROM t");
    rows.step();
    return rows.integer(0);
  }
  TemporaryFolder folder_;
  std::filesystem::path file_ = folder_ / "some.db";
};

TEST_F(DatabaseTest, KeepsNumbersWordsAndBytes) {
  {
    Database database = make();
    auto put = database.prepare("INSERT INTO t VALUES (?, ?, ?)");
    put.bind(1, std::int64_t{-7})
        .bind(2, std::string_view("a'b"))
        .bind(3, std::span<const std::uint8_t>(Blob{0, 255, 0}));
    put.run();
    put.bind(1, INT64_MAX).bind(2, std::string_view()).bind(3, std::span<const std::uint8_t>()).run();
  }
  Database database(file_, Access::read, kLetters, 3);
  auto rows = database.prepare("SELECT number, words, bytes FROM t ORDER BY number");
  ASSERT_TRUE(rows.step());
  EXPECT_EQ(rows.integer(0), -7);
  EXPECT_EQ(rows.text(1), "a'b");
  EXPECT_THAT(rows.blob(2), ElementsAre(0, 255, 0));
  ASSERT_TRUE(rows.step());
  EXPECT_EQ(rows.integer(0), INT64_MAX);
  EXPECT_EQ(rows.text(1), "");
  EXPECT_TRUE(rows.blob(2).empty());
  EXPECT_FALSE(rows.step());
  EXPECT_THROW(database.run("DELETE FROM t"), IoError) << "opened for reading";
}

TEST_F(DatabaseTest, TransactionsAreWholeOrNothing) {
  Database database = make();
  {
    const Transaction change(database);
    database.run("INSERT INTO t VALUES (1, '', '')");
    EXPECT_EQ(count(database), 1);
  }
  EXPECT_EQ(count(database), 0);
  Transaction change(database);
  database.run("INSERT INTO t VALUES (1, '', '')");
  change.commit();
  EXPECT_EQ(count(database), 1);
}

TEST_F(DatabaseTest, WhatCannotBeOpenedIsSaidInOneLine) {
  const auto opened = [&](Access access, std::uint32_t letters = kLetters, int version = 3) {
    return [=, this] { Database(file_, access, letters, version); };
  };
  EXPECT_THAT(opened(Access::read), ThrowsMessage<IoError>(HasSubstr("there is no")));
  make();
  EXPECT_THAT(opened(Access::create), ThrowsMessage<IoError>(HasSubstr("is there already")));
  EXPECT_THAT(opened(Access::read, 1), ThrowsMessage<FormatError>(HasSubstr("not what Obscura keeps there")));
  EXPECT_THAT(opened(Access::write, kLetters, 4),
              ThrowsMessage<FormatError>(HasSubstr("version 3, this program knows")));
  auto bytes = read_file(file_);
  for (std::size_t i = 0; i < 64; ++i) bytes[i] = 'x';
  write_file(file_, bytes);
  EXPECT_THAT(opened(Access::read), ThrowsMessage<FormatError>(HasSubstr("is damaged")));
  write_file(file_, std::string("no database at all, but long enough to be read as one: ") + std::string(2000, 'y'));
  EXPECT_THAT(opened(Access::read), ThrowsMessage<FormatError>(HasSubstr("some.db is damaged")));
}

TEST_F(DatabaseTest, WrongStatementsAreErrors) {
  Database database = make();
  EXPECT_THROW(database.prepare("SELECT nothing FROM nowhere"), IoError);
  EXPECT_THROW(database.run("INSERT"), IoError);
  // Found by fuzzing: SQLite repeats what stands in a file, line breaks and all.
  EXPECT_THAT([&] { database.run("SELECT \"a\nb"); },
              ThrowsMessage<IoError>(testing::AllOf(HasSubstr("a b"), testing::Not(HasSubstr("\n")))));
  auto put = database.prepare("INSERT INTO t VALUES (?, 0, 0)");
  EXPECT_THROW(put.bind(2, std::int64_t{1}), IoError);
}

}  // namespace
}  // namespace obscura::store
