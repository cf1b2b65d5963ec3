// Large files of a server into a folder of the client: gone on with where they were cut.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <system_error>

#include "base/error.h"
#include "base/pending.h"
#include "remote/calls.h"
#include "remote/hash.h"

namespace fs = std::filesystem;

namespace obscura::remote {
namespace {

constexpr const char* kPart = ".part";
constexpr int kLockGlanceMs = 50;

[[noreturn]] void refuse(const char* what, const fs::path& file) {
  throw IoError(std::string("cannot ") + what + " " + file.string() + ": " + std::generic_category().message(errno));
}

/// The beginning of a file, NAME.<hash>.part, which one process at a time adds to.
class Part {
 public:
  Part(fs::path file, const std::stop_token& stop) : file_(std::move(file)) {
    fd_ = ::open(file_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (fd_ < 0) refuse("write", file_);
    while (::flock(fd_, LOCK_EX | LOCK_NB) != 0) {
      if (errno != EWOULDBLOCK && errno != EINTR) close_and_refuse("lock");
      try {
        wait(kLockGlanceMs, stop);
      } catch (...) {
        ::close(fd_);
        throw;
      }
    }
    struct stat status {};
    if (::fstat(fd_, &status) != 0) close_and_refuse("read");
    size_ = static_cast<std::uint64_t>(status.st_size);
  }
  Part(const Part&) = delete;
  Part& operator=(const Part&) = delete;
  ~Part() { ::close(fd_); }

  const fs::path& file() const { return file_; }
  std::uint64_t size() const { return size_; }

  void cut() {
    if (::ftruncate(fd_, 0) != 0) refuse("write", file_);
    size_ = 0;
  }
  void add(ckks::ByteSpan bytes) {
    while (!bytes.empty()) {
      const auto written = ::pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(size_));
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) refuse("write", file_);
      size_ += static_cast<std::uint64_t>(written);
      bytes = bytes.subspan(static_cast<std::size_t>(written));
    }
  }
  void become(const fs::path& target) {
    if (::fsync(fd_) != 0 || ::rename(file_.c_str(), target.c_str()) != 0) refuse("write", target);
    sync_folder(target.parent_path());
  }

 private:
  [[noreturn]] void close_and_refuse(const char* what) {
    const int problem = errno;
    ::close(fd_);
    errno = problem;
    refuse(what, file_);
  }

  fs::path file_;
  int fd_ = -1;
  std::uint64_t size_ = 0;
};

class Download {
 public:
  Download(Calls& calls, std::string path, fs::path folder, std::string name, std::uint64_t most,
           const std::stop_token& stop)
      : calls_(calls),
        path_(std::move(path)),
        folder_(std::move(folder)),
        name_(std::move(name)),
        most_(most),
        stop_(stop) {}

  fs::path run() {
    fs::path target = folder_ / name_;
    std::error_code ec;
    fs::create_directories(folder_, ec);
    if (!fs::is_directory(folder_, ec)) throw IoError("cannot make folder " + folder_.string());
    if (fs::exists(target, ec)) return target;
    find_part();
    const bool begun = part_ && part_->size() > 0;
    fetch();
    if (hash_of_file(part_->file(), stop_) != hash_) {
      drop();
      if (!begun) wrong("is not the one of its hash");
      fetch();  // what was there from before may have been damaged
      if (hash_of_file(part_->file(), stop_) != hash_) drop(), wrong("is not the one of its hash");
    }
    part_->become(target);
    return target;
  }

 private:
  [[noreturn]] void wrong(const std::string& what) const {
    throw RemoteError("unexpected", calls_.http.address().url + path_ + " " + what);
  }

  std::string part_name(const std::string& hash) const { return name_ + "." + hash + kPart; }

  /// What an earlier call has left.
  void find_part() {
    std::error_code ec;
    for (fs::directory_iterator at(folder_, ec), end; !ec && at != end; at.increment(ec)) {
      const std::string name = at->path().filename().string();
      if (name.size() != part_name(std::string(64, '0')).size() || !name.starts_with(name_ + ".")) continue;
      const std::string hash = name.substr(name_.size() + 1, 64);
      if (is_hash(hash) && name == part_name(hash)) return take(hash);
    }
  }

  void take(const std::string& hash) {
    hash_ = hash;
    part_.emplace(folder_ / part_name(hash), stop_);
  }

  void drop() {
    std::error_code ec;
    if (part_) fs::remove(part_->file(), ec);
    part_.reset();
    hash_.clear();
  }

  void fetch() {
    Patience patience(calls_.options, Clock::time_point::max());
    while (true) {
      const std::uint64_t before = part_ ? part_->size() : 0;
      try {
        return fetch_once();
      } catch (const RemoteError& error) {
        if (error.status() == 416 && before > 0) {  // it had all of it, or another one
          drop();
          continue;
        }
        if (part_ && part_->size() > before) patience.renew();
        patience.again(error, stop_);
      }
    }
  }

  void fetch_once() {
    Request request;
    request.path = path_;
    request.most_bytes = static_cast<std::size_t>(most_);
    request.patient = true;  // a hint is made if need be
    request.deadline = calls_.deadline();
    if (part_ && part_->size() > 0) {
      request.headers = {fmt::format("Range: bytes={}-", part_->size()), "If-Range: \"" + hash_ + "\""};
    }
    bool begun = false;
    calls_.ask_once(request, stop_, [&](const Response& head, ckks::ByteSpan piece) {
      if (!begun) begin(head);
      begun = true;
      if (part_->size() + piece.size() > most_) too_large();
      part_->add(piece);
      calls_.tell("hint fetched", part_->size(), total_);
    });
    if (!begun) wrong("is empty");
  }

  void begin(const Response& head) {
    const std::string tag = head.header("etag");
    const std::string hash = tag.size() == 66 ? tag.substr(1, 64) : "";
    if (!is_hash(hash) || tag != "\"" + hash + "\"") wrong("has no hash as its entity tag");
    if (head.status == 206) {
      const std::string range = head.header("content-range");
      if (!part_ || hash != hash_ || !range.starts_with(fmt::format("bytes {}-", part_->size()))) {
        wrong("is another part of it than was asked for");
      }
      return;
    }
    if (hash != hash_ || !part_) drop(), take(hash);
    part_->cut();
    total_ = std::strtoull(head.header("content-length").c_str(), nullptr, 10);
    if (total_ > most_) too_large();
  }

  [[noreturn]] void too_large() const {
    throw RemoteError("unexpected", fmt::format("{}{} has more than the {} bytes that it may have",
                                                calls_.http.address().url, path_, most_));
  }

  Calls& calls_;
  std::string path_;
  fs::path folder_;
  std::string name_;
  std::uint64_t most_;
  const std::stop_token& stop_;
  std::optional<Part> part_;
  std::string hash_;
  std::uint64_t total_ = 0;
};

}  // namespace

fs::path download(Calls& calls, const std::string& path, const fs::path& folder, const std::string& name,
                  std::uint64_t most_bytes, const std::stop_token& stop) {
  return Download(calls, path, folder, name, most_bytes, stop).run();
}

}  // namespace obscura::remote
