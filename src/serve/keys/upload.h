#pragma once

#include <sodium.h>

#include <cstdint>
#include <filesystem>
#include <mutex>
#include <span>
#include <string>
#include <vector>

namespace obscura::serve {

/// Evaluation keys on their way: HASH.part in the tenant's folder, which grows piece by piece and is hashed as it does.
/// What a stopped server had is gone on with. Thread-safe: pieces that come at once wait for each other.
class Upload {
 public:
  /// `file`: where they will lie once whole. Throws Failure (internal, out_of_room).
  Upload(std::filesystem::path file, std::string hash, std::uint64_t total);
  ~Upload();
  Upload(const Upload&) = delete;
  Upload& operator=(const Upload&) = delete;

  std::uint64_t bytes() const;
  std::uint64_t total() const { return total_; }
  /// Takes a piece that goes on where the last one ended; of one that begins earlier what is new. Returns whether all
  /// is here. Throws Failure: conflict, with what is here, for one that begins later; out_of_room for a full disk.
  bool take(std::uint64_t offset, std::span<const std::uint8_t> piece);
  /// The first bytes, at most `count`.
  std::vector<std::uint8_t> start(std::size_t count) const;
  /// What is whole, for reading before it has its name.
  const std::filesystem::path& part() const { return part_; }
  /// Throws Failure, bad_request, where the whole has another hash than its name: then it is gone.
  void check();
  /// Returns when the disk has the whole under its name.
  void finish();
  /// Gives it up.
  void remove();

 private:
  void hash_what_is_there();

  std::filesystem::path file_, part_;
  std::string hash_;
  std::uint64_t total_;
  mutable std::mutex mutex_;
  int fd_ = -1;
  std::uint64_t bytes_ = 0;
  crypto_generichash_state state_{};
};

/// BLAKE2b-256 of bytes, 64 hex digits.
std::string hash_text(std::span<const std::uint8_t> bytes);
/// Whether a text is 64 lower-case hex digits.
bool is_hash(const std::string& text);

}  // namespace obscura::serve
