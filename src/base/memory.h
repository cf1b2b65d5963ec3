#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <new>
#include <span>
#include <utility>
#include <vector>

namespace obscura {

/// `size` words, 64-byte aligned, not initialised. A regular type: copies copy the words. Large blocks that are freed
/// are kept for the next of their size or a little less: fresh pages cost more than what is done with them. Kept are at
/// most 512 MB, or what the process once used at once and does not use now, up to an eighth of the machine. Whoever
/// holds a secret wipes it before.
class AlignedWords {
 public:
  AlignedWords() = default;
  explicit AlignedWords(std::size_t size);
  AlignedWords(const AlignedWords& other);
  AlignedWords(AlignedWords&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)), block_(other.block_) {}
  AlignedWords& operator=(AlignedWords other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(block_, other.block_);
    return *this;
  }
  ~AlignedWords();

  std::uint64_t* data() { return data_; }
  const std::uint64_t* data() const { return data_; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  std::uint64_t& operator[](std::size_t i) { return data_[i]; }
  std::uint64_t operator[](std::size_t i) const { return data_[i]; }
  std::span<std::uint64_t> span() { return {data_, size_}; }
  std::span<const std::uint64_t> span() const { return {data_, size_}; }
  friend bool operator==(const AlignedWords& a, const AlignedWords& b);

 private:
  std::uint64_t* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t block_ = 0;  ///< bytes of what it stands in
};

/// The words of the block that so many stand in. Blocks from 64 KiB on share large pages (2 MiB) or fill them: what is
/// read in long streams again and again takes twice as long from small ones.
std::size_t in_large_pages(std::size_t words);

/// Words between arrays of a power of two that are read side by side: whole powers apart they would share a few sets of
/// every cache. A multiple of eight keeps them aligned.
inline constexpr std::size_t kOffStride = 40;

/// Buffers that are lent and come back, so that a hot loop allocates only the first time round. Thread-safe.
/// A lease returns its buffer when it goes out of scope; the pool must outlive its leases.
class ScratchPool {
 public:
  class Lease {
   public:
    Lease(ScratchPool& pool, AlignedWords words) : pool_(&pool), words_(std::move(words)) {}
    Lease(Lease&& other) noexcept : pool_(std::exchange(other.pool_, nullptr)), words_(std::move(other.words_)) {}
    Lease& operator=(Lease&&) = delete;
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    ~Lease() {
      if (pool_) pool_->give_back(std::move(words_));
    }
    std::uint64_t* data() { return words_.data(); }
    const std::uint64_t* data() const { return words_.data(); }

   private:
    ScratchPool* pool_;
    AlignedWords words_;
  };

  /// A buffer of at least `size` words, contents unspecified.
  Lease take(std::size_t size);

 private:
  void give_back(AlignedWords words);

  std::mutex mutex_;
  std::vector<AlignedWords> free_;
};

}  // namespace obscura
