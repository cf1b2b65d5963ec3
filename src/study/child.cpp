#include "study/child.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <system_error>

#include "base/error.h"
#include "base/file.h"
#include "report/networks/data.h"

namespace fs = std::filesystem;

namespace obscura::study {
namespace {

/// The number of the pipe's end in the child.
constexpr int kOutcomeNumber = 3;

[[noreturn]] void fail(const char* what, int error) {
  throw IoError(std::string("cannot ") + what + ": " + std::generic_category().message(error));
}

/// Both ends are closed at the end of the scope.
class Pipe {
 public:
  Pipe() {
    if (::pipe2(ends_.data(), O_CLOEXEC) != 0) fail("make a pipe", errno);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() {
    close_in();
    ::close(ends_[0]);
  }
  int in() const { return ends_[1]; }
  void close_in() {
    if (ends_[1] >= 0) ::close(ends_[1]);
    ends_[1] = -1;
  }
  /// Until nobody can write any more.
  std::string read_all() const {
    std::string text;
    std::array<char, 4096> buffer{};
    for (ssize_t got = 0; (got = ::read(ends_[0], buffer.data(), buffer.size())) != 0;) {
      if (got > 0) text.append(buffer.data(), static_cast<std::size_t>(got));
      if (got < 0 && errno != EINTR) fail("hear from a process", errno);
    }
    return text;
  }

 private:
  std::array<int, 2> ends_{-1, -1};
};

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> out;
  for (auto& word : words) out.push_back(word.data());
  out.push_back(nullptr);
  return out;
}

/// This process's, with the pipe's number in it.
std::vector<std::string> environment() {
  const std::string name = std::string(kOutcomeVariable) + "=";
  std::vector<std::string> out = {name + std::to_string(kOutcomeNumber)};
  for (char** entry = environ; *entry != nullptr; ++entry) {
    if (std::strncmp(*entry, name.c_str(), name.size()) != 0) out.emplace_back(*entry);
  }
  return out;
}

pid_t start(const ChildCall& call, int outcome) {
  std::vector<std::string> words = {"obscura"}, variables = environment();
  words.insert(words.end(), call.words.begin(), call.words.end());
  const std::string output = call.output.empty() ? "/dev/null" : call.output.string();
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, output.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  posix_spawn_file_actions_adddup2(&actions, outcome, kOutcomeNumber);
  pid_t child = 0;
  const int error =
      posix_spawn(&child, call.program.c_str(), &actions, nullptr, pointers(words).data(), pointers(variables).data());
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) fail("start obscura once more", error);
  return child;
}

int wait_for(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/// Puts what the child said into the outcome.
void hear(ChildOutcome& outcome, const std::string& said) {
  if (said.empty() && !outcome.done()) return;  // it was killed, or never came to speak
  const auto json = nlohmann::json::parse(said, nullptr, false);
  const bool sound = json.is_object() && json.contains("status") && json["status"].is_number_integer() &&
                     json.contains("error") && json["error"].is_string();
  if (!sound) throw FormatError("a process of obscura said something else than how it ended: " + said.substr(0, 80));
  if (outcome.status > 128) return;  // it fell after it had spoken
  if (json["status"] != outcome.status) {
    throw FormatError(
        fmt::format("a process of obscura ended with code {} and said {}", outcome.status, json["status"].dump()));
  }
  outcome.error = json["error"].get<std::string>();
}

}  // namespace

std::string ChildOutcome::reason() const {
  if (!error.empty()) return error;
  if (status > 128) return fmt::format("ended by signal {}: out of memory?", status - 128);
  return fmt::format("ended with code {}", status);
}

ChildOutcome run_child(const ChildCall& call) {
  Pipe pipe;
  const pid_t child = start(call, pipe.in());
  pipe.close_in();
  const std::string said = pipe.read_all();
  ChildOutcome outcome;
  outcome.status = wait_for(child);
  hear(outcome, said);
  return outcome;
}

nlohmann::ordered_json checked_object(const fs::path& file, const std::string& what,
                                      const std::vector<std::string>& numbers) {
  std::error_code ec;
  if (!fs::exists(file, ec)) throw FormatError(what + ": there is no result");
  const auto bytes = read_file(file);
  auto object = nlohmann::ordered_json::parse(bytes.begin(), bytes.end(), nullptr, false);
  if (!object.is_object()) throw FormatError(what + ": the result is no JSON object");
  for (const std::string& place : numbers) {
    if (std::isnan(report::number_at(object, place))) {
      throw FormatError(fmt::format("{}: the result has no number \"{}\"", what, place));
    }
  }
  return object;
}

nlohmann::ordered_json child_result(const ChildCall& call, const fs::path& scratch, const std::string& what,
                                    const std::vector<std::string>& numbers) {
  ChildCall with_output = call;
  with_output.output = scratch;
  const ChildOutcome outcome = run_child(with_output);
  if (!outcome.done()) throw Error(what + ": " + outcome.reason());
  auto object = checked_object(scratch, what, numbers);
  fs::remove(scratch);
  return object;
}

}  // namespace obscura::study
