#include "cli/passphrase_prompt.h"

#include <fcntl.h>
#include <sodium.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <string_view>

#include "base/error.h"
#include "base/pending_registry.h"

namespace obscura::cli {
namespace {

constexpr char kControlC = 3, kControlD = 4, kBackspace = 8, kControlU = 21, kDelete = 127;

/// The terminal of the process; while it lives, a key arrives as it is struck and is not shown.
class QuietTerminal {
 public:
  QuietTerminal() : fd_(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)) {
    if (fd_ < 0 || ::tcgetattr(fd_, &before_) != 0) {
      if (fd_ >= 0) ::close(fd_);
      throw IoError("there is no terminal to ask for a passphrase on");
    }
    termios quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO | ECHONL | ICANON | ISIG);
    quiet.c_cc[VMIN] = 1, quiet.c_cc[VTIME] = 0;
    on_signal_.emplace(fd_, before_);
    ::tcsetattr(fd_, TCSAFLUSH, &quiet);
  }
  QuietTerminal(const QuietTerminal&) = delete;
  QuietTerminal& operator=(const QuietTerminal&) = delete;
  ~QuietTerminal() {
    ::tcsetattr(fd_, TCSAFLUSH, &before_);
    on_signal_.reset();
    ::close(fd_);
  }

  void show(std::string_view text) const {
    while (!text.empty()) {
      const ssize_t written = ::write(fd_, text.data(), text.size());
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) throw IoError("cannot write to the terminal");
      text.remove_prefix(static_cast<std::size_t>(written));
    }
  }

  /// Ctrl-D where the terminal is gone.
  char read() const {
    char c = 0;
    for (;;) {
      const ssize_t got = ::read(fd_, &c, 1);
      if (got == 1) return c;
      if (got == 0 || errno != EINTR) return kControlD;
    }
  }

 private:
  int fd_;
  termios before_{};
  std::optional<pending::TerminalSettings> on_signal_;
};

/// The last character, which in UTF-8 may be several bytes.
void take_back(ckks::GuardedVector<char>& line) {
  while (!line.empty()) {
    const bool inner = (static_cast<unsigned char>(line.back()) & 0xC0) == 0x80;
    line.pop_back();
    if (!inner) return;
  }
}

ckks::Passphrase read_line(const QuietTerminal& terminal, const std::string& question) {
  terminal.show(question);
  ckks::GuardedVector<char> line;
  line.reserve(ckks::Passphrase::kLongest + 1);
  for (;;) {
    const char c = terminal.read();
    if (c == '\n' || c == '\r') break;
    if (c == kControlC || c == kControlD) {
      terminal.show("\n");
      throw CancelledError("called off: no passphrase was given");
    }
    if (c == kBackspace || c == kDelete) {
      take_back(line);
    } else if (c == kControlU) {
      line.clear();
    } else if (line.size() <= ckks::Passphrase::kLongest) {
      line.push_back(c);
    }
  }
  terminal.show("\n");
  return ckks::Passphrase({line.data(), line.size()});
}

}  // namespace

bool can_ask() {
  return ::isatty(STDIN_FILENO) == 1 && ::isatty(STDERR_FILENO) == 1;
}

ckks::Passphrase ask_passphrase(const std::string& what, ckks::PassphraseUse use) {
  const QuietTerminal terminal;
  if (use == ckks::PassphraseUse::open) return read_line(terminal, "passphrase of " + what + ": ");
  const auto first = read_line(terminal, "new passphrase for " + what + ": ");
  const auto second = read_line(terminal, "once more: ");
  const auto a = first.text(), b = second.text();
  if (a.size() != b.size() || sodium_memcmp(a.data(), b.data(), a.size()) != 0) {
    throw UsageError("the two passphrases differ: nothing was written");
  }
  return first;
}

}  // namespace obscura::cli
