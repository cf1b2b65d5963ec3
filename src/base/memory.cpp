#include "base/memory.h"

#include <algorithm>
#include <cstring>

namespace obscura {

AlignedWords::AlignedWords(std::size_t size) : size_(size) {
  if (size == 0) return;
  const std::size_t bytes = (size * sizeof(std::uint64_t) + 63) / 64 * 64;
  data_ = static_cast<std::uint64_t*>(std::aligned_alloc(64, bytes));
  if (data_ == nullptr) throw std::bad_alloc();
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
