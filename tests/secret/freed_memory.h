#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

/// Looks for secrets where none may be left: in every block at the moment it is freed, whoever frees it (this program's
/// `free` stands before the C library's), and in all memory of the process.
namespace obscura::freed_memory {

/// False where a sanitizer has the allocator.
bool can_watch();

/// A piece of a secret, kept so that it is not found itself.
class Needle {
 public:
  /// Of at least 16 bytes: fewer are met by chance.
  explicit Needle(std::span<const std::uint8_t> secret);
  template <typename T>
  static Needle of(const T* values, std::size_t count) {
    return Needle({reinterpret_cast<const std::uint8_t*>(values), count * sizeof(T)});
  }
  bool is_in(const std::uint8_t* memory, std::size_t bytes) const noexcept;
  friend bool operator==(const Needle&, const Needle&) = default;

 private:
  static constexpr std::size_t kMost = 64;
  std::uint8_t masked_[kMost] = {};
  std::size_t size_ = 0;
};

/// From now on until it goes, blocks that are freed are looked through. One at a time.
class Watch {
 public:
  explicit Watch(std::vector<Needle> needles);
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;
  ~Watch();
  /// Blocks that were freed, and how many of them had a needle in them.
  std::size_t freed() const;
  std::size_t found() const;

 private:
  std::vector<Needle> needles_;
};

/// How many of the needles are in some memory of this process that can be written: heap, stacks, globals.
std::size_t count_in_process(const std::vector<Needle>& needles);

}  // namespace obscura::freed_memory
