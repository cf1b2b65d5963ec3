#include "cli/key_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <string>

#include "base/error.h"
#include "base/file.h"

namespace fs = std::filesystem;

namespace obscura::cli {
namespace {

constexpr const char* kCounter = "decryptions";

/// Removed with all that is in it, whatever happened.
class WorkFolder {
 public:
  explicit WorkFolder(fs::path path) : path_(std::move(path)) {}
  WorkFolder(const WorkFolder&) = delete;
  WorkFolder& operator=(const WorkFolder&) = delete;
  ~WorkFolder() {
    std::error_code ec;
    fs::remove_all(path_, ec);
  }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

/// Makes the folder and those above it; forgets the ones that it made if they are still empty at the end.
class NewFolders {
 public:
  explicit NewFolders(const fs::path& folder) {
    std::error_code ec;
    for (fs::path at = folder; !at.empty() && !fs::exists(at, ec); at = at.parent_path()) made_.push_back(at);
    fs::create_directories(folder, ec);
    if (ec) throw IoError("cannot make folder " + folder.string() + ": " + ec.message());
  }
  NewFolders(const NewFolders&) = delete;
  NewFolders& operator=(const NewFolders&) = delete;
  ~NewFolders() {
    std::error_code ec;
    for (const auto& folder : made_) fs::remove(folder, ec);  // does nothing to a folder that holds something
  }

 private:
  std::vector<fs::path> made_;
};

/// An advisory lock on the folder itself, until it goes out of scope: no file is left behind for it.
class FolderLock {
 public:
  explicit FolderLock(const fs::path& folder) : fd_(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
    if (fd_ < 0) throw IoError("cannot open folder " + folder.string() + ": " + std::strerror(errno));
    while (::flock(fd_, LOCK_EX) != 0) {
      if (errno == EINTR) continue;
      const std::string why = std::strerror(errno);
      ::close(fd_);
      throw IoError("cannot lock folder " + folder.string() + ": " + why);
    }
  }
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;
  ~FolderLock() { ::close(fd_); }

 private:
  int fd_;
};

std::uint64_t read_counter(const fs::path& file) {
  std::error_code ec;
  if (!fs::exists(file, ec)) return 0;
  const auto bytes = read_file(file, 64);
  const std::string text(bytes.begin(), bytes.end());
  std::uint64_t count = 0;
  const auto end = text.data() + text.size();
  const auto [last, error] = std::from_chars(text.data(), end, count);
  if (error != std::errc() || std::string_view(last, end) != "\n") {
    throw FormatError(file.string() + " is not a count of decryptions");
  }
  return count;
}

void move_into(const fs::path& from, const fs::path& to) {
  std::error_code ec;
  fs::rename(from, to, ec);
  if (ec) throw IoError("cannot write " + to.string() + ": " + ec.message());
}

}  // namespace

void check_key_folder(const fs::path& folder, bool force) {
  std::error_code ec;
  if (fs::exists(folder, ec) && !fs::is_directory(folder, ec)) {
    throw IoError("cannot write keys into " + folder.string() + ": it is not a folder");
  }
  if (!force && fs::exists(folder / "secret.key", ec)) {
    throw IoError((folder / "secret.key").string() +
                  " exists, and answers to what was encrypted with it need it (--force replaces it)");
  }
}

void put_keys(const fs::path& folder, const owner::Owner& owner, const ckks::SeededEvaluationKeys& keys, bool force) {
  check_key_folder(folder, force);
  const NewFolders made(fs::absolute(folder).lexically_normal());
  const WorkFolder work(folder / (".partial-" + std::to_string(::getpid())));
  owner::save_keys(work.path(), owner, keys);
  const FolderLock lock(folder);
  // The secret last: while the old one is there, it says that the folder is in use.
  for (const char* name : {"evaluation.key", "client.part", "secret.key"}) move_into(work.path() / name, folder / name);
  std::error_code ec;
  fs::remove(folder / kCounter, ec);
}

std::uint64_t count_decryptions(const fs::path& folder, std::uint64_t more) {
  const FolderLock lock(folder);
  const std::uint64_t count = read_counter(folder / kCounter) + more;
  write_file(folder / kCounter, std::to_string(count) + "\n");
  return count;
}

}  // namespace obscura::cli
