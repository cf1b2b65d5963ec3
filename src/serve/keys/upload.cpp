#include "serve/keys/upload.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "base/pending.h"
#include "serve/failure.h"

namespace fs = std::filesystem;

namespace obscura::serve {
namespace {

constexpr std::size_t kHashBytes = 32;

std::string text_of(std::span<const std::uint8_t> hash) {
  std::string text(2 * hash.size() + 1, '\0');
  sodium_bin2hex(text.data(), text.size(), hash.data(), hash.size());
  text.pop_back();
  return text;
}

[[noreturn]] void fail_write() {
  if (errno == ENOSPC || errno == EDQUOT) {
    throw Failure(FailureCode::out_of_room, "the server's disk is full: what was acknowledged is safe; ask its owner");
  }
  throw Failure(FailureCode::internal, "the server cannot write its files: its log says why");
}

}  // namespace

Upload::Upload(fs::path file, std::string hash, std::uint64_t total)
    : file_(std::move(file)), part_(file_), hash_(std::move(hash)), total_(total) {
  part_ += ".part";
  std::error_code ec;
  if (fs::create_directories(file_.parent_path(), ec)) sync_folder(file_.parent_path().parent_path());
  fd_ = ::open(part_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd_ < 0) fail_write();
  const off_t length = ::lseek(fd_, 0, SEEK_END);
  bytes_ = length > 0 ? static_cast<std::uint64_t>(length) : 0;
  if (bytes_ > total_) {  // of another file that was announced with this hash
    if (::ftruncate(fd_, 0) != 0) fail_write();
    bytes_ = 0;
  }
  hash_what_is_there();
}

Upload::~Upload() {
  if (fd_ >= 0) ::close(fd_);
}

void Upload::hash_what_is_there() {
  crypto_generichash_init(&state_, nullptr, 0, kHashBytes);
  std::vector<std::uint8_t> some(std::size_t{1} << 20);
  for (std::uint64_t at = 0; at < bytes_;) {
    const auto got =
        ::pread(fd_, some.data(), std::min<std::uint64_t>(some.size(), bytes_ - at), static_cast<off_t>(at));
    if (got <= 0) fail_write();
    crypto_generichash_update(&state_, some.data(), static_cast<std::size_t>(got));
    at += static_cast<std::uint64_t>(got);
  }
}

std::uint64_t Upload::bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

bool Upload::take(std::uint64_t offset, std::span<const std::uint8_t> piece) {
  const std::lock_guard lock(mutex_);
  if (fd_ < 0) throw Failure(FailureCode::conflict, "these keys were given up: begin again", {{"bytes", "0"}});
  if (offset > bytes_) {
    throw Failure(FailureCode::conflict,
                  "the piece begins at " + std::to_string(offset) + ", but only " + std::to_string(bytes_) +
                      " bytes are here: go on there",
                  {{"bytes", std::to_string(bytes_)}});
  }
  const auto known = static_cast<std::size_t>(std::min<std::uint64_t>(bytes_ - offset, piece.size()));
  auto fresh = piece.subspan(known);
  if (fresh.size() > total_ - bytes_) {
    throw Failure(FailureCode::bad_request,
                  "the piece goes beyond the end that was announced, " + std::to_string(total_) + " bytes");
  }
  const std::uint64_t before = bytes_;
  for (auto left = fresh; !left.empty();) {
    const auto done = ::pwrite(fd_, left.data(), left.size(), static_cast<off_t>(bytes_));
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) {
      const int reason = errno;
      if (::ftruncate(fd_, static_cast<off_t>(before)) == 0) bytes_ = before;
      errno = reason;
      fail_write();
    }
    bytes_ += static_cast<std::uint64_t>(done);
    left = left.subspan(static_cast<std::size_t>(done));
  }
  crypto_generichash_update(&state_, fresh.data(), fresh.size());
  return bytes_ == total_;
}

std::vector<std::uint8_t> Upload::start(std::size_t count) const {
  const std::lock_guard lock(mutex_);
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(std::min<std::uint64_t>(count, bytes_)));
  const auto got = fd_ < 0 ? 0 : ::pread(fd_, bytes.data(), bytes.size(), 0);
  bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return bytes;
}

void Upload::check() {
  {
    const std::lock_guard lock(mutex_);
    crypto_generichash_state state = state_;
    std::vector<std::uint8_t> hash(kHashBytes);
    crypto_generichash_final(&state, hash.data(), hash.size());
    if (text_of(hash) == hash_) return;
  }
  remove();
  throw Failure(FailureCode::bad_request,
                "the bytes have another BLAKE2b-256 than the name that they were sent under: they were given up; send "
                "them again");
}

void Upload::finish() {
  const std::lock_guard lock(mutex_);
  if (fd_ < 0 || ::fdatasync(fd_) != 0 || ::rename(part_.c_str(), file_.c_str()) != 0) fail_write();
  sync_folder(file_.parent_path());
  ::close(fd_);
  fd_ = -1;
}

void Upload::remove() {
  const std::lock_guard lock(mutex_);
  if (fd_ < 0) return;
  ::close(fd_);
  fd_ = -1;
  std::error_code ec;
  fs::remove(part_, ec);
}

std::string hash_text(std::span<const std::uint8_t> bytes) {
  std::vector<std::uint8_t> hash(kHashBytes);
  crypto_generichash(hash.data(), hash.size(), bytes.data(), bytes.size(), nullptr, 0);
  return text_of(hash);
}

bool is_hash(const std::string& text) {
  return text.size() == 2 * kHashBytes && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

}  // namespace obscura::serve
