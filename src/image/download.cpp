#include "image/download.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>
#include <vector>

#include "base/error.h"

extern char** environ;

namespace obscura::image {
namespace {

bool is_scheme(const std::string& url, std::string_view scheme) {
  return url.size() > scheme.size() && std::equal(scheme.begin(), scheme.end(), url.begin(), [](char a, char b) {
           return a == (b >= 'A' && b <= 'Z' ? static_cast<char>(b + 32) : b);
         });
}

std::vector<std::string> arguments(const std::string& url, const std::filesystem::path& path, std::uint64_t max_bytes) {
  std::vector<std::string> words = {"curl",
                                    "--fail",
                                    "--location",
                                    "--proto",
                                    is_scheme(url, "file://") ? "=file" : "=https",
                                    "--proto-redir",
                                    "=https",
                                    "--retry",
                                    "2",
                                    "--connect-timeout",
                                    "20",
                                    "--speed-limit",
                                    "1000",
                                    "--speed-time",
                                    "60",
                                    "--max-filesize",
                                    std::to_string(max_bytes),
                                    "--continue-at",
                                    "-",
                                    "--output",
                                    path.string()};
  if (::isatty(STDERR_FILENO) != 0) {
    words.push_back("--progress-bar");
  } else {
    words.insert(words.end(), {"--silent"});
  }
  words.insert(words.end(), {"--", url});
  return words;
}

/// Runs a program without a shell; its exit status, or 127 if it cannot be started.
int run(std::vector<std::string> words) {
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  pid_t pid = 0;
  if (::posix_spawnp(&pid, argv[0], nullptr, nullptr, argv.data(), environ) != 0) return 127;
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) return 127;
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

/// The exit codes of curl(1) that a user can do something about.
std::string reason(int code) {
  switch (code) {
    case 1:
      return "it is, or leads to, an address that is not https";
    case 6:
      return "the name of the server cannot be resolved; is this machine online?";
    case 5:
      return "the name of the proxy cannot be resolved";
    case 7:
      return "the server cannot be reached";
    case 22:
      return "the server does not have it";
    case 23:
      return "the file cannot be written";
    case 28:
      return "the server is too slow";
    case 35:
    case 60:
      return "the server's certificate cannot be checked";
    case 37:
      return "the file cannot be read";
    case 63:
      return "it is larger than it should be";
    default:
      return "curl ended with code " + std::to_string(code);
  }
}

}  // namespace

void require_https(const std::string& url) {
  if (is_scheme(url, "https://") || is_scheme(url, "file://")) return;
  throw UsageError("data sets are fetched over https only, not from " + url +
                   ": name an https address, or get the files by other means and use --from FOLDER");
}

void download(const std::string& url, const std::filesystem::path& path, std::uint64_t max_bytes) {
  require_https(url);
  const int code = run(arguments(url, path, max_bytes));
  if (code == 0) return;
  if (code == 127)
    throw IoError("downloading needs the program curl (apt install curl); or fetch with --from a folder");
  throw IoError("cannot download " + url + ": " + reason(code));
}

}  // namespace obscura::image
