#include "base/memory.h"

#if defined(__linux__)
#include <sys/mman.h>
#endif

#include <algorithm>
#include <bit>
#include <cstring>
#include <map>

namespace obscura {
namespace {

constexpr std::size_t kAlignment = 64;
constexpr std::size_t kLeastKept = std::size_t{1} << 16;  // bytes; malloc keeps smaller blocks itself
constexpr std::size_t kHugePage = std::size_t{1} << 21;
constexpr std::size_t kMostKept = std::size_t{1} << 29;  // bytes in all

/// What is really allocated: eighths of a power of two, so that near sizes share their blocks.
std::size_t block_bytes(std::size_t words) {
  const std::size_t bytes = (words * sizeof(std::uint64_t) + kAlignment - 1) / kAlignment * kAlignment;
  if (bytes < kLeastKept) return bytes;
  const std::size_t step = std::bit_floor(bytes) / 8;
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

/// Large blocks that were freed, by size. malloc gives them back to the system and takes them again, and the zeroing of
/// fresh pages costs several times the arithmetic on them. Part of the allocator as malloc's own lists are, so one for
/// the process. Thread-safe.
class BlockCache {
 public:
  static BlockCache& shared() {
    static BlockCache* const cache = new BlockCache;  // never destroyed: blocks may be freed at exit
    return *cache;
  }
  /// nullptr where there is none.
  void* take(std::size_t bytes) {
    const std::lock_guard lock(mutex_);
    const auto found = blocks_.find(bytes);
    if (found == blocks_.end() || found->second.empty()) return nullptr;
    void* const block = found->second.back();
    found->second.pop_back();
    kept_ -= bytes;
    return block;
  }
  void give_back(void* block, std::size_t bytes) noexcept {
    const std::lock_guard lock(mutex_);
    if (kept_ + bytes > kMostKept) clear();  // of sizes that nobody asks for any more
    if (bytes <= kMostKept && remember(block, bytes)) return;
    std::free(block);
  }

 private:
  void clear() noexcept {
    for (auto& [bytes, blocks] : blocks_) {
      for (void* const block : blocks) std::free(block);
      blocks.clear();
    }
    kept_ = 0;
  }
  bool remember(void* block, std::size_t bytes) noexcept {
    try {
      blocks_[bytes].push_back(block);
    } catch (const std::bad_alloc&) {
      return false;
    }
    kept_ += bytes;
    return true;
  }

  std::mutex mutex_;
  std::map<std::size_t, std::vector<void*>> blocks_;
  std::size_t kept_ = 0;
};

// Sanitizers see use after free only where memory is really freed.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kKeep = false;
#else
constexpr bool kKeep = true;
#endif

}  // namespace

std::size_t in_large_pages(std::size_t words) {
  constexpr std::size_t page = kHugePage / sizeof(std::uint64_t);
  return words < page / 8 ? words : (words + page - 1) / page * page;
}

AlignedWords::AlignedWords(std::size_t size) : size_(size) {
  if (size == 0) return;
  const std::size_t bytes = block_bytes(size);
  void* block = kKeep && bytes >= kLeastKept ? BlockCache::shared().take(bytes) : nullptr;
  if (block == nullptr) block = allocate(bytes);
  if (block == nullptr) throw std::bad_alloc();
  data_ = static_cast<std::uint64_t*>(block);
}

AlignedWords::~AlignedWords() {
  if (data_ == nullptr) return;
  const std::size_t bytes = block_bytes(size_);
  if (kKeep && bytes >= kLeastKept) {
    BlockCache::shared().give_back(data_, bytes);
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
