#include "base/pending.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <system_error>

#include "base/error.h"

namespace fs = std::filesystem;

namespace obscura {
namespace {

[[noreturn]] void throw_io(const std::string& what, const fs::path& path) {
  const int error = errno;
  pending::halt_if_ending();
  throw IoError(what + " " + path.string() + ": " + std::generic_category().message(error));
}

fs::path folder_of(const fs::path& file) {
  return file.has_parent_path() ? file.parent_path() : fs::path(".");
}

/// What has no bytes of its own to be replaced: devices, pipes, and names such as /dev/stdout, which are links to
/// whatever the process has open.
bool is_written_in_place(const fs::path& target) {
  std::error_code ec;
  const auto status = fs::status(target, ec);
  if (fs::exists(status) && fs::is_other(status)) return true;
  const std::string folder = fs::weakly_canonical(folder_of(target), ec).string() + "/";
  return fs::exists(status) && (folder.starts_with("/dev/") || folder.starts_with("/proc/")) &&
         !folder.starts_with("/dev/shm/");
}

/// Locked by us and still under its name. A file system without locks does without: then nobody is swept either.
bool hold(int fd) {
  while (::flock(fd, LOCK_EX) != 0 && errno == EINTR) {
  }
  struct stat status {};
  return ::fstat(fd, &status) == 0 && status.st_nlink > 0;
}

void write_all(int fd, std::span<const std::uint8_t> bytes, const fs::path& target) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw_io("cannot write", target);
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
}

constexpr int kNew = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;

mode_t file_mode(Access access) {
  return access == Access::owner ? 0600 : 0644;
}

}  // namespace

PendingFile::PendingFile(fs::path target, Access access) : target_(std::move(target)), access_(access) {
  pending::halt_if_ending();
  if (is_written_in_place(target_)) {
    // At its end: what is open as /dev/stdout may be a file that holds something.
    fd_ = ::open(target_.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY);
    if (fd_ < 0) throw_io("cannot write", target_);
    return;
  }
  const fs::path folder = folder_of(target_);
  pending::remove_stale(folder);
  while (true) {
    const fs::path beside = folder / pending::random_name();
    registration_ = pending::Registration(beside);
    fd_ = ::open(beside.c_str(), kNew, file_mode(access_));
    if (fd_ < 0 && errno == EEXIST) continue;
    if (fd_ < 0) throw_io("cannot write", target_);
    beside_ = beside;
    if (hold(fd_)) return;
    ::close(fd_);
  }
}

PendingFile::~PendingFile() {
  // The name first: as long as we hold the lock it is ours.
  if (fd_ >= 0 && !beside_.empty()) ::unlink(beside_.c_str());
  if (fd_ >= 0) ::close(fd_);
}

void PendingFile::write(std::span<const std::uint8_t> bytes) {
  write_all(fd_, bytes, target_);
}

void PendingFile::commit() {
  if (!beside_.empty()) {
    // Before it has the name: else a power cut may leave the name with a part of the bytes.
    if (::fsync(fd_) != 0) throw_io("cannot write", target_);
    if (::rename(beside_.c_str(), target_.c_str()) != 0) throw_io("cannot replace", target_);
  }
  const int fd = fd_;
  fd_ = -1;
  registration_ = {};
  if (::close(fd) != 0) throw_io("cannot write", target_);
  if (!beside_.empty() && access_ == Access::owner) sync_folder(folder_of(target_));
}

PendingFolder::PendingFolder(const fs::path& parent, Access access) {
  pending::halt_if_ending();
  const fs::path folder = parent.empty() ? fs::path(".") : parent;
  pending::remove_stale(folder);
  while (true) {
    path_ = folder / pending::random_name();
    registration_ = pending::Registration(path_);
    if (::mkdir(path_.c_str(), access == Access::owner ? 0700 : 0777) != 0) {
      if (errno == EEXIST) continue;
      throw_io("cannot make a folder in", folder);
    }
    fd_ = ::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd_ < 0 && errno != ENOENT) {
      const int error = errno;
      ::rmdir(path_.c_str());
      errno = error;
      throw_io("cannot make a folder in", folder);
    }
    if (fd_ >= 0 && hold(fd_)) return;
    if (fd_ >= 0) ::close(fd_);
  }
}

PendingFolder::~PendingFolder() {
  if (fd_ < 0) return;
  std::error_code ec;
  fs::remove_all(path_, ec);
  ::close(fd_);
}

void PendingFolder::put(const fs::path& name, std::span<const std::uint8_t> bytes) const {
  pending::halt_if_ending();
  const int fd = ::open((path_ / name).c_str(), kNew, file_mode(Access::everybody));
  if (fd < 0) throw_io("cannot write", name);
  try {
    write_all(fd, bytes, name);
  } catch (const IoError&) {
    ::close(fd);
    throw;
  }
  if (::close(fd) != 0) throw_io("cannot write", name);
}

void PendingFolder::move_to(const fs::path& target) {
  if (::rename(path_.c_str(), target.c_str()) != 0) throw_io("cannot replace", target);
  ::close(fd_);
  fd_ = -1;
  registration_ = {};
  path_ = target;
}

void sync_folder(const fs::path& folder) {
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) throw_io("cannot open the folder", folder);
  const bool synced = ::fsync(fd) == 0 || errno == EINVAL;  // some file systems cannot, and say so
  if (!synced) {
    const int error = errno;
    ::close(fd);
    errno = error;
    throw_io("cannot write", folder);
  }
  ::close(fd);
}

}  // namespace obscura
