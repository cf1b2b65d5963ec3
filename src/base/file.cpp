#include "base/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "base/error.h"

namespace obscura {
namespace {

/// A file descriptor and the name it will lose if the write is not finished.
class PendingFile {
 public:
  PendingFile(std::filesystem::path target, mode_t mode) : target_(std::move(target)) {
    beside_ = target_;
    std::error_code ec;
    const auto status = std::filesystem::status(target_, ec);
    in_place_ = std::filesystem::exists(status) && std::filesystem::is_other(status);
    if (!in_place_) beside_ += ".partial-" + std::to_string(::getpid());
    fd_ = ::open(beside_.c_str(), in_place_ ? O_WRONLY | O_CLOEXEC : O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    if (fd_ < 0) fail("cannot write");
  }
  PendingFile(const PendingFile&) = delete;
  PendingFile& operator=(const PendingFile&) = delete;
  ~PendingFile() {
    if (fd_ >= 0) ::close(fd_);
    if (!done_ && !in_place_) ::unlink(beside_.c_str());
  }

  void write(std::span<const std::uint8_t> bytes) {
    while (!bytes.empty()) {
      const ssize_t n = ::write(fd_, bytes.data(), bytes.size());
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) fail("cannot write");
      bytes = bytes.subspan(static_cast<std::size_t>(n));
    }
  }

  void commit() {
    const int fd = fd_;
    fd_ = -1;
    if (::close(fd) != 0) fail("cannot write");
    if (!in_place_ && ::rename(beside_.c_str(), target_.c_str()) != 0) fail("cannot replace");
    done_ = true;
  }

 private:
  [[noreturn]] void fail(const char* what) const {
    throw IoError(std::string(what) + " " + target_.string() + ": " + std::strerror(errno));
  }

  std::filesystem::path target_;
  std::filesystem::path beside_;
  int fd_ = -1;
  bool in_place_ = false;  // a device or a pipe: written to, never replaced by a file
  bool done_ = false;
};

void write_with_mode(const std::filesystem::path& path, std::span<const std::uint8_t> bytes, mode_t mode) {
  PendingFile file(path, mode);
  file.write(bytes);
  file.commit();
}

}  // namespace

std::vector<std::uint8_t> read_file(const std::filesystem::path& path, std::size_t max_bytes) {
  std::error_code ec;
  if (std::filesystem::is_directory(path, ec)) throw IoError("cannot read " + path.string() + ": it is a folder");
  std::ifstream in(path, std::ios::binary);
  if (!in) throw IoError("cannot read " + path.string() + ": " + std::strerror(errno));
  const auto size = std::filesystem::file_size(path, ec);
  if (ec) throw IoError("cannot read " + path.string() + ": " + ec.message());
  if (size > max_bytes) {
    throw IoError("cannot read " + path.string() + ": " + std::to_string(size) + " bytes, more than the " +
                  std::to_string(max_bytes) + " allowed");
  }
  std::vector<std::uint8_t> bytes(size);
  in.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(size));
  if (static_cast<std::uintmax_t>(in.gcount()) != size)
    throw IoError("cannot read " + path.string() + ": it ended early");
  return bytes;
}

void write_file(const std::filesystem::path& path, std::span<const std::uint8_t> bytes) {
  write_with_mode(path, bytes, 0644);
}

void write_file(const std::filesystem::path& path, std::string_view text) {
  write_file(path, {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

void write_secret_file(const std::filesystem::path& path, std::span<const std::uint8_t> bytes) {
  write_with_mode(path, bytes, 0600);
}

}  // namespace obscura
