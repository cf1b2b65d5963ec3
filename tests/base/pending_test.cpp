#include "base/pending.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <functional>
#include <set>
#include <string>
#include <thread>

#include "base/error.h"
#include "base/file.h"

namespace fs = std::filesystem;

namespace obscura {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;

constexpr const char* kPendingName = "\\.obscura-[0-9a-f]+\\.partial";

class Pending : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "obscura-pending-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::vector<std::string> names() const {
    std::set<std::string> sorted;
    for (const auto& entry : fs::directory_iterator(folder_)) sorted.insert(entry.path().filename());
    return {sorted.begin(), sorted.end()};
  }
  static std::string text(const fs::path& path) {
    const auto bytes = read_file(path);
    return {bytes.begin(), bytes.end()};
  }
  static mode_t mode(const fs::path& path) {
    struct stat status {};
    EXPECT_EQ(::lstat(path.c_str(), &status), 0);
    return status.st_mode & 0777;
  }
  static std::span<const std::uint8_t> bytes(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
  }

  /// A child process that does what it is told, says so and waits for its end.
  class Child {
   public:
    explicit Child(const std::function<void()>& begin) {
      int ends[2];
      if (::pipe(ends) != 0) throw std::runtime_error("no pipe");
      pid_ = ::fork();
      if (pid_ == 0) {
        remove_pending_on_signals();
        begin_and_wait(begin, ends[1]);
      }
      ::close(ends[1]);
      char ready = 0;
      EXPECT_EQ(::read(ends[0], &ready, 1), 1);
      ::close(ends[0]);
    }
    ~Child() {
      if (pid_ > 0) end_by(SIGKILL);
    }
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    void send(int signal) const { ::kill(pid_, signal); }
    /// The signal that ended it; 0 if it ended otherwise.
    int end_by(int signal) {
      int status = 0;
      ::kill(pid_, signal);
      ::waitpid(pid_, &status, 0);
      pid_ = -1;
      return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    }

   private:
    [[noreturn]] static void begin_and_wait(const std::function<void()>& begin, int ready) {
      begin();
      [[maybe_unused]] const auto written = ::write(ready, "x", 1);
      while (true) ::pause();
    }
    pid_t pid_ = -1;
  };

  /// In a child process: a file and a folder of two files, none of them finished.
  std::function<void()> two_pending() const {
    return [this] {
      auto* const file = new PendingFile(folder_ / "a", Access::owner);  // never freed: the child is killed
      file->write(bytes("half"));
      auto* const folder = new PendingFolder(folder_);
      folder->put("one", bytes("1"));
      fs::create_directories(folder->path() / "inner" / "innermost");
      folder->put("inner/innermost/two", bytes("2"));
    };
  }

  fs::path folder_;
};

TEST_F(Pending, FileHasARandomNameOfItsOwnUntilItIsWhole) {
  std::set<std::string> seen;
  for (int i = 0; i < 20; ++i) {
    PendingFile file(folder_ / "a", Access::everybody);
    ASSERT_THAT(names(), ElementsAre(MatchesRegex(kPendingName)));
    seen.insert(names().front());
  }
  EXPECT_EQ(seen.size(), 20u) << "names come twice";
  EXPECT_THAT(names(), IsEmpty());
  PendingFile file(folder_ / "a", Access::everybody);
  file.write(bytes("abc"));
  file.write(bytes("def"));
  file.commit();
  EXPECT_THAT(names(), ElementsAre("a"));
  EXPECT_EQ(text(folder_ / "a"), "abcdef");
}

TEST_F(Pending, SecretIsTheOwnersFromItsFirstByteOn) {
  const mode_t before = ::umask(0);
  PendingFile file(folder_ / "secret", Access::owner);
  const PendingFolder inner(folder_, Access::owner);
  ::umask(before);
  for (const auto& name : names()) EXPECT_EQ(mode(folder_ / name) & 077, 0u) << name;
  EXPECT_EQ(names().size(), 2u);
  file.commit();
  EXPECT_EQ(mode(folder_ / "secret"), 0600u);
}

TEST_F(Pending, LinkIsReplacedAndNotFollowed) {
  write_file(folder_ / "other", std::string_view("precious"));
  fs::create_symlink(folder_ / "other", folder_ / "link");
  write_file(folder_ / "link", std::string_view("new"));
  EXPECT_FALSE(fs::is_symlink(folder_ / "link"));
  EXPECT_EQ(text(folder_ / "link"), "new");
  EXPECT_EQ(text(folder_ / "other"), "precious");
  // Neither is one that leads nowhere: no file comes to be where it points.
  fs::create_symlink(folder_ / "nowhere", folder_ / "dangling");
  write_secret_file(folder_ / "dangling", bytes("key"));
  EXPECT_EQ(text(folder_ / "dangling"), "key");
  EXPECT_FALSE(fs::exists(folder_ / "nowhere"));
}

TEST_F(Pending, StandardOutputIsWrittenToWhateverItIs) {
  const fs::path target = folder_ / "target";
  write_file(target, std::string_view("before "));
  const int saved = ::dup(STDOUT_FILENO), fd = ::open(target.c_str(), O_WRONLY | O_APPEND);
  ASSERT_GE(fd, 0);
  ::dup2(fd, STDOUT_FILENO);
  write_file("/dev/stdout", std::string_view("after"));
  ::dup2(saved, STDOUT_FILENO);
  ::close(saved);
  ::close(fd);
  EXPECT_EQ(text(target), "before after");
  EXPECT_TRUE(fs::is_symlink("/dev/stdout"));
}

TEST_F(Pending, FolderGetsItsNameWhenItIsWhole) {
  {
    PendingFolder folder(folder_);
    folder.put("a", bytes("1"));
    EXPECT_THROW(folder.put("a", bytes("2")), IoError) << "the second of a name";
    EXPECT_THAT(names(), ElementsAre(MatchesRegex(kPendingName)));
    fs::create_directory(folder_ / "out");  // empty, so it may be replaced
    folder.move_to(folder_ / "out");
    EXPECT_EQ(folder.path(), folder_ / "out");
  }
  EXPECT_THAT(names(), ElementsAre("out"));
  EXPECT_EQ(text(folder_ / "out" / "a"), "1");
  {
    PendingFolder folder(folder_);
    folder.put("b", bytes("1"));
    EXPECT_THROW(folder.move_to(folder_ / "out"), IoError) << "there is something in it";
  }
  EXPECT_THAT(names(), ElementsAre("out"));
  EXPECT_FALSE(fs::exists(folder_ / "out" / "b"));
}

TEST_F(Pending, SignalsRemoveWhatIsPending) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGXFSZ}) {
    Child child(two_pending());
    ASSERT_EQ(names().size(), 2u);
    EXPECT_EQ(child.end_by(signal), signal) << "ends by the signal, as a shell expects";
    EXPECT_THAT(names(), IsEmpty()) << strsignal(signal);
  }
}

TEST_F(Pending, SignalInTheMiddleOfThreadsThatWrite) {
  for (int round = 0; round < 20; ++round) {
    Child child([this] {
      auto* const folder = new PendingFolder(folder_);
      for (int t = 0; t < 4; ++t) {
        std::thread([folder, t] {
          for (int i = 0;; ++i) folder->put(std::to_string(t) + "-" + std::to_string(i), bytes("x"));
        }).detach();
      }
    });
    EXPECT_EQ(child.end_by(SIGTERM), SIGTERM);
    EXPECT_THAT(names(), IsEmpty());
  }
}

TEST_F(Pending, IgnoredSignalsStayIgnored) {
  // The child's own handlers come after: it inherits that SIGHUP is ignored, as under nohup.
  const auto before = std::signal(SIGHUP, SIG_IGN);
  Child child(two_pending());
  std::signal(SIGHUP, before);
  child.send(SIGHUP);
  EXPECT_EQ(names().size(), 2u);
  EXPECT_EQ(child.end_by(SIGTERM), SIGTERM) << "ended by the first one";
}

TEST_F(Pending, NextRunRemovesWhatAKilledOneLeft) {
  {
    Child child(two_pending());
    EXPECT_EQ(child.end_by(SIGKILL), SIGKILL);
  }
  ASSERT_THAT(names(), ElementsAre(MatchesRegex(kPendingName), MatchesRegex(kPendingName)));
  write_file(folder_ / "b", std::string_view("new"));
  EXPECT_THAT(names(), ElementsAre("b"));
}

TEST_F(Pending, WhatIsStillBeingWrittenIsLeftAlone) {
  const Child child(two_pending());
  write_file(folder_ / "b", std::string_view("new"));
  { const PendingFolder another(folder_); }
  EXPECT_EQ(names().size(), 3u);
}

TEST_F(Pending, OnlyItsOwnNamesAreRemoved) {
  const std::vector<std::string> kept = {".obscura-0123456789abcde.partial", ".obscura-0123456789abcdef.partial.png",
                                         ".obscura-0123456789abcdeg.partial", "obscura-0123456789abcdef.partial",
                                         "result.partial"};
  for (const auto& name : kept) write_file(folder_ / name, std::string_view("x"));
  // A link of such a name is not of our making; neither it nor what it points to goes.
  fs::create_directory(folder_ / "precious");
  write_file(folder_ / "precious" / "file", std::string_view("x"));
  const fs::path other = folder_ / "other";
  fs::create_directory(other);
  fs::create_symlink(folder_ / "precious", other / ".obscura-0123456789abcdef.partial");
  write_file(other / "new", std::string_view("x"));
  EXPECT_TRUE(fs::is_symlink(other / ".obscura-0123456789abcdef.partial"));
  EXPECT_TRUE(fs::exists(folder_ / "precious" / "file"));
  for (const auto& name : kept) EXPECT_TRUE(fs::exists(folder_ / name)) << name;
}

TEST_F(Pending, ManyWritersOfOneFileEachWriteItWhole) {
  std::vector<std::thread> writers;
  for (char c = 'a'; c < 'i'; ++c) {
    writers.emplace_back([this, c] {
      for (int i = 0; i < 10; ++i) write_file(folder_ / "shared", std::string(5000, c));
    });
  }
  for (auto& writer : writers) writer.join();
  EXPECT_THAT(names(), ElementsAre("shared"));
  const std::string last = text(folder_ / "shared");
  EXPECT_EQ(last, std::string(5000, last.at(0)));
}

}  // namespace
}  // namespace obscura
