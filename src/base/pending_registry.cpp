#include "base/pending_registry.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <ctime>
#include <mutex>
#include <set>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/pending.h"

namespace fs = std::filesystem;

namespace obscura::pending {
namespace {

constexpr std::string_view kPrefix = ".obscura-";
constexpr std::string_view kSuffix = ".partial";
constexpr std::size_t kDigits = 16;
constexpr int kDeepest = 16;  // folders in a pending folder

/// A signal handler can reach nothing but what is static. Whoever takes a path out of its slot owns it.
std::array<std::atomic<char*>, 256> slots;
std::atomic<bool> ending{false};
termios terminal_settings{};
std::atomic<int> changed_terminal{-1};

// --- In the handler: only what signal-safety(7) allows, so no allocation and no opendir ------------------------------

/// As the kernel hands them out (getdents64).
struct Entry {
  std::uint64_t inode;
  std::int64_t offset;
  std::uint16_t length;
  std::uint8_t type;
  char name[1];
};

bool is_dots(const char* name) {
  return std::strcmp(name, ".") == 0 || std::strcmp(name, "..") == 0;
}

void remove_contents(int folder, int depth) {
  alignas(Entry) char buffer[4096];
  for (long bytes = 0; (bytes = ::syscall(SYS_getdents64, folder, buffer, sizeof(buffer))) > 0;) {
    for (long at = 0; at < bytes; at += reinterpret_cast<const Entry*>(buffer + at)->length) {
      const char* name = buffer + at + offsetof(Entry, name);
      if (is_dots(name) || ::unlinkat(folder, name, 0) == 0 || depth == kDeepest) continue;
      const int inner = ::openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
      if (inner < 0) continue;
      remove_contents(inner, depth + 1);
      ::close(inner);
      ::unlinkat(folder, name, AT_REMOVEDIR);
    }
  }
}

/// Another thread may be in the middle of putting a file there: a few tries, a millisecond apart.
void remove_now(const char* path) {
  for (int attempt = 0; attempt < 100; ++attempt) {
    if (::unlink(path) == 0 || errno != EISDIR) return;
    const int folder = ::open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (folder < 0) return;
    remove_contents(folder, 0);
    ::close(folder);
    if (::rmdir(path) == 0) return;
    const timespec pause{0, 1000000};
    ::nanosleep(&pause, nullptr);
  }
}

void end_by_signal(int number) {
  if (ending.exchange(true)) return;  // another thread is at it
  const int error = errno;            // the thread that was interrupted goes on until the signal is delivered
  if (const int terminal = changed_terminal.exchange(-1); terminal >= 0) {
    ::tcsetattr(terminal, TCSAFLUSH, &terminal_settings);
  }
  for (auto& slot : slots) {
    if (const char* path = slot.exchange(nullptr)) remove_now(path);
  }
  // Blocked while we are here, so it ends the process when the handler returns.
  std::signal(number, SIG_DFL);
  ::raise(number);
  errno = error;
}

// --- Outside of it --------------------------------------------------------------------------------------------------

bool is_pending_name(std::string_view name) {
  if (name.size() != kPrefix.size() + kDigits + kSuffix.size()) return false;
  const std::string_view digits = name.substr(kPrefix.size(), kDigits);
  return name.starts_with(kPrefix) && name.ends_with(kSuffix) &&
         digits.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

/// Removes it unless it is somebody else's or its maker lives and holds the lock. While we hold it nobody can begin to
/// write: a maker locks first and then looks whether his file still has its name.
void remove_if_stale(const fs::path& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) return;
  struct stat status {};
  const bool ours = ::fstat(fd, &status) == 0 && status.st_uid == ::geteuid();
  if (ours && ::flock(fd, LOCK_EX | LOCK_NB) == 0) {
    std::error_code ec;
    if (S_ISREG(status.st_mode) || S_ISDIR(status.st_mode)) fs::remove_all(path, ec);
  }
  ::close(fd);
}

/// True the first time that it is asked for a folder.
bool is_new_folder(const fs::path& folder) {
  static std::mutex mutex;
  static std::set<fs::path> seen;
  std::error_code ec;
  const std::lock_guard lock(mutex);
  return seen.insert(fs::weakly_canonical(folder, ec)).second;
}

}  // namespace

TerminalSettings::TerminalSettings(int terminal, const termios& settings) {
  terminal_settings = settings;
  changed_terminal.store(terminal);
}

TerminalSettings::~TerminalSettings() {
  changed_terminal.store(-1);
}

Registration::Registration(const fs::path& path) {
  std::error_code ec;
  const std::string text = fs::absolute(path, ec).string();  // the program may change its folder
  auto* const copy = new char[text.size() + 1];
  std::memcpy(copy, text.c_str(), text.size() + 1);
  for (std::size_t i = 0; i < slots.size(); ++i) {
    char* empty = nullptr;
    if (!slots[i].compare_exchange_strong(empty, copy)) continue;
    slot_ = i;
    return;
  }
  delete[] copy;
}

Registration::~Registration() {
  if (slot_ != kNone) delete[] slots[slot_].exchange(nullptr);
}

void halt_if_ending() {
  while (ending.load()) ::pause();
}

std::string random_name() {
  std::uint64_t value = 0;
  if (::getentropy(&value, sizeof(value)) != 0) throw IoError("the system has no random numbers for us");
  std::string digits(kDigits, '0');
  for (char& digit : digits) {
    digit = "0123456789abcdef"[value & 15];
    value >>= 4;
  }
  return std::string(kPrefix) + digits + std::string(kSuffix);
}

void remove_stale(const fs::path& folder) {
  if (!is_new_folder(folder)) return;
  std::error_code ec;
  for (fs::directory_iterator at(folder, ec), end; !ec && at != end; at.increment(ec)) {
    if (is_pending_name(at->path().filename().string())) remove_if_stale(at->path());
  }
}

}  // namespace obscura::pending

namespace obscura {

void remove_pending_on_signals() {
  struct sigaction action {};
  action.sa_handler = pending::end_by_signal;
  sigfillset(&action.sa_mask);
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGXCPU, SIGXFSZ}) {
    struct sigaction before {};
    // What the caller ignores (nohup) stays ignored.
    if (::sigaction(number, nullptr, &before) == 0 && before.sa_handler == SIG_DFL) {
      ::sigaction(number, &action, nullptr);
    }
  }
}

}  // namespace obscura
