#include "base/memory.h"

#if defined(__linux__)
#include <sys/mman.h>
#include <unistd.h>
#endif

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstring>
#include <map>
#include <utility>

namespace obscura {
namespace {

constexpr std::size_t kAlignment = 64;
constexpr std::size_t kLeastKept = std::size_t{1} << 16;  // bytes; malloc keeps smaller blocks itself
constexpr std::size_t kPage = std::size_t{1} << 12;
constexpr std::size_t kHugePage = std::size_t{1} << 21;
constexpr std::size_t kMostShared = std::size_t{1} << 24;  // bytes; larger blocks have their large pages to themselves
constexpr std::size_t kLeastRoom = std::size_t{1} << 29;   // bytes that may be kept whatever the process has used

/// What is really allocated: parts of a power of two in whole pages, so that near sizes share their blocks; or whole
/// large pages.
std::size_t block_bytes(std::size_t words) {
  const std::size_t bytes = (words * sizeof(std::uint64_t) + kAlignment - 1) / kAlignment * kAlignment;
  if (bytes < kLeastKept) return bytes;
  const std::size_t step = bytes > kMostShared ? kHugePage : std::max(std::bit_floor(bytes) / 32, kPage);
  return (bytes + step - 1) / step * step;
}

/// Fresh memory. Keys and digits are read in long streams, where translating addresses page by page costs as much as
/// the reading: they ask for large pages.
void* allocate(std::size_t bytes) {
#if defined(__linux__)
  if (bytes >= kHugePage) {
    void* block = nullptr;  // not from aligned_alloc, whose sizes are to be multiples of the alignment
    if (posix_memalign(&block, kHugePage, bytes) != 0) return nullptr;
    madvise(block, bytes / kHugePage * kHugePage, MADV_HUGEPAGE);  // a wish; no matter if refused
    return block;
  }
#endif
  return std::aligned_alloc(kAlignment, bytes);
}

#if defined(__linux__)
/// Address space in large pages, from which blocks that would fill few are cut one behind the other: in small pages
/// their first use costs a fault for every 4 KiB, and every later one the translation of as many addresses.
/// The system gives memory where it is touched, a large page at a time, and takes back what is discarded; address
/// space is not given back.
class LargePages {
 public:
  static constexpr bool has(std::size_t bytes) { return bytes >= kLeastKept && bytes <= kMostShared; }
  /// Nothing where the system has no more.
  void* cut(std::size_t bytes) {
    if (static_cast<std::size_t>(end_ - next_) < bytes && !extend()) return nullptr;
    return std::exchange(next_, next_ + bytes);
  }
  static void discard(void* block, std::size_t bytes) { madvise(block, bytes, MADV_DONTNEED); }

 private:
  static constexpr std::size_t kExtent = 4 * kMostShared;

  bool extend() {
    void* const extent = allocate(kExtent);
    if (extent == nullptr) return false;
    next_ = static_cast<std::byte*>(extent);
    end_ = next_ + kExtent;
    return true;
  }

  std::byte* next_ = nullptr;
  std::byte* end_ = nullptr;
};
#else
class LargePages {
 public:
  static constexpr bool has(std::size_t) { return false; }
  void* cut(std::size_t) { return nullptr; }
  static void discard(void*, std::size_t) {}
};
#endif

/// An eighth of the machine's memory, or nothing where it is not known.
std::size_t eighth_of_machine() {
#if defined(__linux__)
  const long pages = sysconf(_SC_PHYS_PAGES), bytes = sysconf(_SC_PAGESIZE);
  if (pages > 0 && bytes > 0) return static_cast<std::size_t>(pages) / 8 * static_cast<std::size_t>(bytes);
#endif
  return 0;
}

/// Large blocks that were freed, by size. malloc gives them back to the system and takes them again, and the zeroing of
/// fresh pages costs several times the arithmetic on them. What is kept and what is in use together stay within the
/// most that was ever in use at once, so that a network's next run finds the memory of its last (at least kLeastRoom
/// and at most an eighth of the machine is kept); what has not been asked for longest goes first. Part of the allocator
/// as malloc's own lists are, so one for the process. Thread-safe.
class BlockCache {
 public:
  static BlockCache& shared() {
    static BlockCache* const cache = new BlockCache;  // never destroyed: blocks may be freed at exit
    return *cache;
  }
  struct Block {
    void* data = nullptr;
    std::size_t bytes = 0;
  };
  /// No data where the system has none. Half as much again is taken: arrays that shrink from level to level stand in
  /// the same block.
  Block take(std::size_t bytes) {
    const std::lock_guard lock(mutex_);
    for (auto it = classes_.lower_bound(bytes); it != classes_.end() && it->first <= bytes + bytes / 2; ++it) {
      Class& own = it->second;
      if (own.blocks.empty()) continue;
      void* const block = own.blocks.back();
      own.blocks.pop_back();
      own.asked = ++clock_;
      kept_ -= it->first;
      used_ += it->first;
      return {block, it->first};
    }
    used_ += bytes;
    make_room(0);
    const Block block{fresh(bytes), bytes};
    if (block.data == nullptr) used_ -= bytes;
    return block;
  }
  void give_back(void* block, std::size_t bytes) noexcept {
    const std::lock_guard lock(mutex_);
    most_used_ = std::max(most_used_, used_);
    used_ -= bytes;
    make_room(bytes);
    if (kept_ + bytes > most_kept() || !remember(block, bytes)) release(block, bytes);
  }

 private:
  struct Class {
    std::vector<void*> blocks;
    std::vector<void*> discarded;  ///< of large pages, without memory
    std::uint64_t asked = 0;       ///< the clock when one was last taken or given back
  };

  std::size_t most_kept() const {
    const std::size_t unused = std::max(most_used_, used_) - used_;
    return std::max(kLeastRoom, std::min(unused, eighth_));
  }
  /// For `bytes` more, as far as that is possible.
  void make_room(std::size_t bytes) noexcept {
    while (kept_ > 0 && kept_ + bytes > most_kept()) {
      auto oldest = classes_.end();
      for (auto it = classes_.begin(); it != classes_.end(); ++it) {
        if (it->second.blocks.empty()) continue;
        if (oldest == classes_.end() || it->second.asked < oldest->second.asked) oldest = it;
      }
      release(oldest->second.blocks.back(), oldest->first);
      oldest->second.blocks.pop_back();
      kept_ -= oldest->first;
    }
  }
  void* fresh(std::size_t bytes) noexcept {
    if (!LargePages::has(bytes)) return allocate(bytes);
    const auto own = classes_.find(bytes);
    if (own == classes_.end() || own->second.discarded.empty()) return large_pages_.cut(bytes);
    void* const block = own->second.discarded.back();
    own->second.discarded.pop_back();
    return block;
  }
  void release(void* block, std::size_t bytes) noexcept {
    if (!LargePages::has(bytes)) return std::free(block);
    LargePages::discard(block, bytes);
    try {
      classes_[bytes].discarded.push_back(block);
    } catch (const std::bad_alloc&) {
      // Address space only: its memory is given back.
    }
  }
  bool remember(void* block, std::size_t bytes) noexcept {
    try {
      Class& own = classes_[bytes];
      own.blocks.push_back(block);
      own.asked = ++clock_;
    } catch (const std::bad_alloc&) {
      return false;
    }
    kept_ += bytes;
    return true;
  }

  std::mutex mutex_;
  std::map<std::size_t, Class> classes_;
  LargePages large_pages_;
  std::size_t kept_ = 0, used_ = 0, most_used_ = 0;  // bytes
  std::uint64_t clock_ = 0;
  const std::size_t eighth_ = eighth_of_machine();
};

// Sanitizers see use after free only where memory is really freed.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kKeep = false;
#else
constexpr bool kKeep = true;
#endif

}  // namespace

std::size_t in_large_pages(std::size_t words) {
  const std::size_t bytes = block_bytes(words);
  return bytes < kLeastKept ? words : bytes / sizeof(std::uint64_t);
}

AlignedWords::AlignedWords(std::size_t size) : size_(size), block_(block_bytes(size)) {
  if (size == 0) return;
  const bool kept = kKeep && block_ >= kLeastKept;
  const auto block = kept ? BlockCache::shared().take(block_) : BlockCache::Block{allocate(block_), block_};
  if (block.data == nullptr) throw std::bad_alloc();
  block_ = block.bytes;
  data_ = static_cast<std::uint64_t*>(block.data);
}

AlignedWords::~AlignedWords() {
  if (data_ == nullptr) return;
  if (kKeep && block_ >= kLeastKept) {
    BlockCache::shared().give_back(data_, block_);
  } else {
    std::free(data_);
  }
}

AlignedWords::AlignedWords(const AlignedWords& other) : AlignedWords(other.size_) {
  if (size_ != 0) std::memcpy(data_, other.data_, size_ * sizeof(std::uint64_t));
}

bool operator==(const AlignedWords& a, const AlignedWords& b) {
  return a.size_ == b.size_ && std::equal(a.data_, a.data_ + a.size_, b.data_);
}

ScratchPool::Lease ScratchPool::take(std::size_t size) {
  {
    const std::lock_guard lock(mutex_);
    // The smallest that is large enough; a handful of sizes are in use, so a scan is short.
    auto best = free_.end();
    for (auto it = free_.begin(); it != free_.end(); ++it) {
      if (it->size() >= size && (best == free_.end() || it->size() < best->size())) best = it;
    }
    if (best != free_.end() && best->size() <= 4 * size) {
      AlignedWords words = std::move(*best);
      *best = std::move(free_.back());
      free_.pop_back();
      return Lease(*this, std::move(words));
    }
  }
  return Lease(*this, AlignedWords(size));
}

void ScratchPool::give_back(AlignedWords words) {
  const std::lock_guard lock(mutex_);
  free_.push_back(std::move(words));
}

}  // namespace obscura
