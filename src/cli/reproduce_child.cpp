#include "cli/reproduce_child.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string_view>

#include "base/error.h"
#include "cli/tiers.h"

namespace obscura::cli {
namespace {

constexpr std::string_view kPrefix = "obscura: ", kNotePrefix = "obscura: note: ";

[[noreturn]] void fail(const char* what, int error) {
  throw IoError(std::string("cannot ") + what + ": " + std::strerror(error));
}

/// Passes lines on and remembers the last message.
class Listener {
 public:
  void hear(std::string_view bytes) {
    std::fwrite(bytes.data(), 1, bytes.size(), stderr);
    std::fflush(stderr);
    for (const char c : bytes) {
      if (c == '\n' || c == '\r') {
        end_line();
      } else {
        line_.push_back(c);
      }
    }
  }
  std::string message() {
    end_line();
    return message_;
  }

 private:
  void end_line() {
    if (line_.starts_with(kPrefix) && !line_.starts_with(kNotePrefix)) message_ = line_.substr(kPrefix.size());
    line_.clear();
  }
  std::string line_, message_;
};

pid_t start(const std::vector<std::string>& arguments, int error_out, const std::string& output) {
  std::vector<std::string> words = {"obscura"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (auto& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, output.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  posix_spawn_file_actions_adddup2(&actions, error_out, STDERR_FILENO);
  pid_t child = 0;
  const int error = posix_spawn(&child, front_program(), &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) fail("start obscura once more", error);
  return child;
}

}  // namespace

ChildResult run_self(const std::vector<std::string>& arguments, const std::filesystem::path& output) {
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) fail("make a pipe", errno);
  pid_t child = 0;
  try {
    child = start(arguments, pipe[1], output.empty() ? "/dev/null" : output.string());
  } catch (...) {
    ::close(pipe[0]);
    ::close(pipe[1]);
    throw;
  }
  ::close(pipe[1]);
  Listener listener;
  std::array<char, 4096> buffer{};
  for (ssize_t got = 0; (got = ::read(pipe[0], buffer.data(), buffer.size())) != 0;) {
    if (got > 0) listener.hear({buffer.data(), static_cast<std::size_t>(got)});
    if (got < 0 && errno != EINTR) break;
  }
  ::close(pipe[0]);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), listener.message()};
}

}  // namespace obscura::cli
