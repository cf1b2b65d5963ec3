// Verbs that hold secrets, watched while they run: at a terminal, and when they crash.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <termios.h>

#include <chrono>
#include <csignal>
#include <thread>

#include "cli/sealed_keys.h"

namespace obscura::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class SecretsWatched : public SealedKeys {};

/// A verb as a child of the test.
class Child {
 public:
  /// `prepare` runs in the child before the program.
  template <typename Prepare>
  Child(std::vector<std::string> words, const Prepare& prepare) {
    words.insert(words.begin(), "obscura");
    std::vector<char*> arguments;
    for (auto& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    pid_ = ::fork();
    if (pid_ != 0) return;
    prepare();
    ::execv(OBSCURA_BINARY_DIR "/obscura", arguments.data());
    ::_exit(127);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }

  pid_t pid() const { return pid_; }
  int wait() {
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = 0;
    return status;
  }

  /// Until it sleeps and has used no processor for a while: it waits for somebody. False where it ends before.
  bool until_it_waits() const {
    std::string before;
    for (int same = 0; same < 8;) {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      const std::string stat = text_of("/proc/" + std::to_string(pid_) + "/stat");
      const std::string rest = stat.substr(std::min(stat.size(), stat.rfind(')') + 2));
      if (rest.empty() || rest[0] == 'Z') return false;
      same = rest[0] == 'S' && rest == before ? same + 1 : 0;
      before = rest;
    }
    return true;
  }

 private:
  pid_t pid_ = -1;
};

void allow_cores(const fs::path& folder) {
  const rlimit all{RLIM_INFINITY, RLIM_INFINITY};
  if (::chdir(folder.c_str()) != 0 || ::setrlimit(RLIMIT_CORE, &all) != 0) ::_exit(126);
}

/// With its key in memory it waits for an answer that does not come, and is told to abort.
TEST_F(SecretsWatched, ACrashLeavesNoCore) {
  const std::string pipe = (work_ / "answer.pipe").string(), folder = (work_ / "cores").string();
  fs::create_directory(folder);
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  {  // The control: here a program that is told to abort leaves a core.
    Child sleeper({"ignored"}, [&] {
      allow_cores(folder);
      ::raise(SIGABRT);
      ::_exit(126);
    });
    const int status = sleeper.wait();
    if (!WIFSIGNALED(status) || !WCOREDUMP(status)) GTEST_SKIP() << "this system writes no core files";
  }
  for (const auto& core : fs::directory_iterator(folder)) fs::remove(core);
  Child verb({"decrypt", "--keys", keys(), pipe, "--passphrase-file", word()}, [&] { allow_cores(folder); });
  ASSERT_TRUE(verb.until_it_waits());
  const std::string process = "/proc/" + std::to_string(verb.pid());
  EXPECT_THAT(text_of(process + "/limits"), testing::ContainsRegex("Max core file size +0 +0 "));
  struct stat status {};
  ASSERT_EQ(::stat((process + "/mem").c_str(), &status), 0);
  EXPECT_EQ(status.st_uid, 0u);  // of a process that can be dumped it is the user's
  if (::geteuid() != 0) {
    EXPECT_LT(::open((process + "/mem").c_str(), O_RDONLY | O_CLOEXEC), 0);
  }
  ASSERT_EQ(::kill(verb.pid(), SIGABRT), 0);
  const int end = verb.wait();
  ASSERT_TRUE(WIFSIGNALED(end));
  EXPECT_EQ(WTERMSIG(end), SIGABRT);
  EXPECT_FALSE(WCOREDUMP(end));
  EXPECT_TRUE(fs::is_empty(folder));
}

/// A terminal with a verb behind it.
class Terminal {
 public:
  explicit Terminal(const std::vector<std::string>& words)
      : fd_(open_terminal()), child_(words, [this] {
          ::setsid();
          const int own = ::open(::ptsname(fd_), O_RDWR);
          ::ioctl(own, TIOCSCTTY, 0);
          for (const int fd : {0, 1, 2}) ::dup2(own, fd);
        }) {}
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;
  ~Terminal() { ::close(fd_); }

  /// All that is shown up to these words; less where nothing comes for a minute or the verb ends.
  const std::string& until(const std::string& words) {
    std::size_t at = 0;
    while ((at = shown_.find(words, seen_)) == std::string::npos) {
      if (!more()) return shown_;
    }
    seen_ = at + words.size();
    return shown_;
  }
  void type(const std::string& keys) const {
    EXPECT_EQ(::write(fd_, keys.data(), keys.size()), static_cast<ssize_t>(keys.size()));
  }
  int end() {
    while (more()) {
    }
    return child_.wait();
  }
  int end_by(int signal) {
    EXPECT_EQ(::kill(child_.pid(), signal), 0);
    return end();
  }
  const std::string& shown() const { return shown_; }
  bool echoes() const {
    termios settings{};
    return ::tcgetattr(fd_, &settings) == 0 && (settings.c_lflag & ECHO) != 0;
  }

 private:
  static int open_terminal() {
    const int fd = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (fd < 0 || ::grantpt(fd) != 0 || ::unlockpt(fd) != 0) throw std::runtime_error("no terminal");
    return fd;
  }
  bool more() {
    pollfd wanted{fd_, POLLIN, 0};
    char piece[512];
    if (::poll(&wanted, 1, 60'000) != 1) return false;
    const ssize_t got = ::read(fd_, piece, sizeof(piece));
    if (got <= 0) return false;
    shown_.append(piece, static_cast<std::size_t>(got));
    return true;
  }

  int fd_;
  Child child_;
  std::string shown_;
  std::size_t seen_ = 0;  ///< of it
};

TEST_F(SecretsWatched, APersonIsAskedAndNothingIsShown) {
  Terminal terminal({"encrypt", "--keys", keys(), sample("7-0"), "--out", query()});
  EXPECT_THAT(terminal.until("secret.key: "), HasSubstr("passphrase of "));
  EXPECT_FALSE(terminal.echoes());
  terminal.type("no\x15" + kWord + "xy\x7f\x7f\n");  // a line taken back, and two letters
  const int status = terminal.end();
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << terminal.shown();
  EXPECT_THAT(terminal.shown(), AllOf(HasSubstr("encrypted"), Not(HasSubstr(kWord.substr(0, 5)))));
}

TEST_F(SecretsWatched, APersonMayCallItOff) {
  Terminal terminal({"encrypt", "--keys", keys(), sample("7-0"), "--out", query()});
  terminal.until("secret.key: ");
  terminal.type("tiger\x03");
  const int status = terminal.end();
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 1);
  EXPECT_THAT(terminal.shown(), AllOf(HasSubstr("called off"), Not(HasSubstr("tiger"))));
}

TEST_F(SecretsWatched, ASignalWhileAskingLeavesTheTerminalAsItWas) {
  for (const int signal : {SIGTERM, SIGHUP, SIGINT}) {
    Terminal terminal({"encrypt", "--keys", keys(), sample("7-0"), "--out", query()});
    terminal.until("secret.key: ");
    ASSERT_FALSE(terminal.echoes());
    const int status = terminal.end_by(signal);
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == signal) << status << terminal.shown();
    EXPECT_TRUE(terminal.echoes());
    EXPECT_FALSE(fs::exists(query()));
  }
}

TEST_F(SecretsWatched, ANewPassphraseIsAskedTwice) {
  for (const bool same : {false, true}) {
    Terminal terminal({"keygen", "passphrase", keys(), "--passphrase-file", word()});
    terminal.until("new passphrase for ");
    terminal.until(": ");
    terminal.type(kOther + "\n");
    terminal.until("once more: ");
    terminal.type(same ? kOther + "\n" : "something else\n");
    const int status = terminal.end();
    EXPECT_EQ(WEXITSTATUS(status), same ? 0 : 2) << terminal.shown();
    EXPECT_THAT(terminal.shown(), Not(HasSubstr(kOther)));
    EXPECT_EQ(encrypt({"--passphrase-file", same ? other() : word()}).status, 0);
  }
}

}  // namespace
}  // namespace obscura::cli
