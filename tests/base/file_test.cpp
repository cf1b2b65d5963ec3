#include "base/file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <string>

#include "base/error.h"
#include "base/file_stream.h"

namespace obscura {
namespace {

using ::testing::HasSubstr;

class FileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "obscura-file-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::size_t files() const {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder_), {}));
  }
  static std::string text(const std::filesystem::path& path) {
    const auto bytes = read_file(path);
    return {bytes.begin(), bytes.end()};
  }
  static mode_t mode(const std::filesystem::path& path) {
    struct stat status {};
    EXPECT_EQ(::stat(path.c_str(), &status), 0);
    return status.st_mode & 0777;
  }

  std::filesystem::path folder_;
};

/// What the call says when it fails; empty if it does not.
template <typename Call>
std::string io_error(Call call) {
  try {
    call();
  } catch (const IoError& e) {
    return e.what();
  }
  return {};
}

TEST_F(FileTest, ReadsWhatWasWritten) {
  const std::vector<std::uint8_t> bytes{0, 1, 255, '\n', 0};
  write_file(folder_ / "a", bytes);
  EXPECT_EQ(read_file(folder_ / "a"), bytes);
  write_file(folder_ / "a", std::string_view("shorter"));
  EXPECT_EQ(text(folder_ / "a"), "shorter");
  write_file(folder_ / "empty", std::string_view());
  EXPECT_TRUE(read_file(folder_ / "empty").empty());
  EXPECT_EQ(files(), 2u);
}

TEST_F(FileTest, SecretsAreTheOwnersOnly) {
  const mode_t before = ::umask(0);
  write_secret_file(folder_ / "secret", std::vector<std::uint8_t>{1});
  ::umask(before);
  EXPECT_EQ(mode(folder_ / "secret"), 0600u);
  // Also where a file that others could read stood before.
  write_file(folder_ / "open", std::string_view("x"));
  write_secret_file(folder_ / "open", std::vector<std::uint8_t>{1});
  EXPECT_EQ(mode(folder_ / "open"), 0600u);
}

TEST_F(FileTest, SaysWhichFileCannotBeRead) {
  EXPECT_THAT(io_error([&] { read_file(folder_ / "none"); }), HasSubstr("none: No such file"));
  EXPECT_THAT(io_error([&] { read_file(folder_); }), HasSubstr("it is a folder"));
  write_file(folder_ / "five", std::string_view("12345"));
  EXPECT_EQ(read_file(folder_ / "five", 5).size(), 5u);
  EXPECT_THAT(io_error([&] { read_file(folder_ / "five", 4); }), HasSubstr("more than the 4 allowed"));
}

TEST_F(FileTest, LeavesNothingWhereItCannotWrite) {
  EXPECT_THAT(io_error([&] { write_file(folder_ / "no" / "a", std::string_view("x")); }), HasSubstr("No such file"));
  std::filesystem::create_directory(folder_ / "taken");
  EXPECT_THAT(io_error([&] { write_file(folder_ / "taken", std::string_view("x")); }), HasSubstr("cannot replace"));
  EXPECT_EQ(files(), 1u);
}

TEST_F(FileTest, LeavesNothingInAFolderThatIsReadOnly) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may write everywhere";
  const auto closed = folder_ / "closed";
  std::filesystem::create_directory(closed);
  write_file(closed / "a", std::string_view("old"));
  ASSERT_EQ(::chmod(closed.c_str(), 0555), 0);
  EXPECT_THAT(io_error([&] { write_file(closed / "a", std::string_view("new")); }), HasSubstr("Permission denied"));
  EXPECT_THAT(io_error([&] { write_secret_file(closed / "b", {}); }), HasSubstr("Permission denied"));
  ASSERT_EQ(::chmod(closed.c_str(), 0755), 0);
  EXPECT_EQ(text(closed / "a"), "old");
  EXPECT_FALSE(std::filesystem::exists(closed / "b"));
}

TEST_F(FileTest, WritesToDevicesWithoutReplacingThem) {
  if (!std::filesystem::is_character_file("/dev/full")) GTEST_SKIP() << "no /dev/full here";
  // By a link, so that nobody's device is at stake.
  std::filesystem::create_symlink("/dev/full", folder_ / "full");
  std::filesystem::create_symlink("/dev/null", folder_ / "null");
  EXPECT_THAT(io_error([&] { write_file(folder_ / "full", std::string_view("x")); }), HasSubstr("No space left"));
  EXPECT_EQ(io_error([&] { write_file(folder_ / "null", std::string_view("x")); }), "");
  EXPECT_TRUE(std::filesystem::is_symlink(folder_ / "full"));
  EXPECT_TRUE(std::filesystem::is_symlink(folder_ / "null"));
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/null"));
  EXPECT_EQ(files(), 2u);
}

/// A limit on the size of files stands for a full disk: the write gets through in part, then fails.
TEST_F(FileTest, KeepsTheOldFileWhenTheDiskIsFull) {
  write_file(folder_ / "a", std::string_view("old"));
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  rlimit small = before;
  small.rlim_cur = 4096;
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const std::vector<std::uint8_t> much(100000, 1);
  const std::string error = io_error([&] { write_file(folder_ / "a", much); });
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, handler);
  EXPECT_THAT(error, HasSubstr("cannot write"));
  EXPECT_EQ(text(folder_ / "a"), "old");
  EXPECT_EQ(files(), 1u);
}

TEST_F(FileTest, ComesInPiecesInOrder) {
  const auto path = folder_ / "pieces";
  write_pieces(path, [](const ByteSink& sink) {
    for (const char* piece : {"ab", "", "cdefg"}) {
      sink({reinterpret_cast<const std::uint8_t*>(piece), std::string_view(piece).size()});
    }
  });
  EXPECT_EQ(text(path), "abcdefg");
  EXPECT_EQ(files(), 1u);
  const auto whole = read_file(path);
  for (const ByteSource& source : {open_source(path), source_of(whole)}) {
    EXPECT_EQ(source.size, 7u);
    std::string read;
    for (const std::size_t count : {3u, 0u, 4u}) {
      std::string piece(count, '?');
      source.read({reinterpret_cast<std::uint8_t*>(piece.data()), count});
      read += piece;
    }
    EXPECT_EQ(read, "abcdefg");
    std::uint8_t more = 0;
    EXPECT_THROW(source.read({&more, 1}), IoError);
  }
  EXPECT_EQ(read_start(path, 3), (std::vector<std::uint8_t>{'a', 'b', 'c'}));
  EXPECT_EQ(read_start(path, 100).size(), 7u);
  EXPECT_THROW(open_source(folder_ / "none"), IoError);
  EXPECT_THROW(open_source(folder_), IoError);
}

TEST_F(FileTest, PiecesThatFailLeaveNothing) {
  const auto path = folder_ / "pieces";
  EXPECT_THROW(write_pieces(path,
                            [](const ByteSink& sink) {
                              sink(std::vector<std::uint8_t>(10));
                              throw IoError("enough");
                            }),
               IoError);
  EXPECT_EQ(files(), 0u);
}

}  // namespace
}  // namespace obscura
