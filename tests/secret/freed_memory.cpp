#include "secret/freed_memory.h"

#include <malloc.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstring>
#include <stdexcept>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(__GLIBC__)
#define OBSCURA_OWN_FREE 0
#else
#define OBSCURA_OWN_FREE 1
#endif

namespace obscura::freed_memory {
namespace {

constexpr std::uint8_t kMask = 0x5A;

/// What the running Watch looks for; `free` has no arguments for it.
std::atomic<const std::vector<Needle>*> watched = nullptr;
std::atomic<std::size_t> blocks = 0, hits = 0;

#if OBSCURA_OWN_FREE
void look_at(void* block) noexcept {
  const auto* const needles = watched.load(std::memory_order_acquire);
  if (needles == nullptr || block == nullptr) return;
  blocks.fetch_add(1, std::memory_order_relaxed);
  const auto* const bytes = static_cast<const std::uint8_t*>(block);
  const std::size_t size = malloc_usable_size(block);
  for (const Needle& needle : *needles) {
    if (needle.is_in(bytes, size)) hits.fetch_add(1, std::memory_order_relaxed);
  }
}
#endif

}  // namespace

bool can_watch() {
  return OBSCURA_OWN_FREE != 0;
}

Needle::Needle(std::span<const std::uint8_t> secret) : size_(std::min(secret.size(), kMost)) {
  constexpr std::size_t kFewest = 16;
  if (size_ < kFewest) throw std::invalid_argument("a needle is too short to mean anything");
  for (std::size_t i = 0; i < size_; ++i) masked_[i] = secret[i] ^ kMask;
}

bool Needle::is_in(const std::uint8_t* memory, std::size_t bytes) const noexcept {
  const std::uint8_t first = masked_[0] ^ kMask;
  const std::uint8_t* const end = memory + bytes;
  while (static_cast<std::size_t>(end - memory) >= size_) {
    const std::size_t places = static_cast<std::size_t>(end - memory) - size_ + 1;
    const auto* const at = static_cast<const std::uint8_t*>(std::memchr(memory, first, places));
    if (at == nullptr) return false;
    std::size_t same = 1;
    while (same < size_ && at[same] == (masked_[same] ^ kMask)) ++same;
    if (same == size_) return true;
    memory = at + 1;
  }
  return false;
}

Watch::Watch(std::vector<Needle> needles) : needles_(std::move(needles)) {
  blocks = hits = 0;
  watched.store(&needles_, std::memory_order_release);
}

Watch::~Watch() {
  watched.store(nullptr, std::memory_order_release);
}

std::size_t Watch::freed() const {
  return blocks;
}

std::size_t Watch::found() const {
  return hits;
}

std::size_t count_in_process(const std::vector<Needle>& needles) {
  struct Region {
    const std::uint8_t* begin;
    std::size_t size;
  };
  std::vector<Region> regions;
  regions.reserve(4096);  // so that none of it moves while the list is read
  std::FILE* const maps = std::fopen("/proc/self/maps", "r");
  if (maps == nullptr) throw std::runtime_error("no /proc/self/maps");
  char line[512], rights[8];
  unsigned long long from = 0, to = 0;
  while (std::fgets(line, sizeof(line), maps) != nullptr) {
    if (std::sscanf(line, "%llx-%llx %7s", &from, &to, rights) != 3) continue;
    if (rights[0] != 'r' || rights[1] != 'w' || std::strstr(line, "/dev/") != nullptr) continue;
    regions.push_back({reinterpret_cast<const std::uint8_t*>(from), static_cast<std::size_t>(to - from)});
  }
  std::fclose(maps);
  return static_cast<std::size_t>(std::ranges::count_if(needles, [&](const Needle& needle) {
    return std::ranges::any_of(regions, [&](const Region& r) { return needle.is_in(r.begin, r.size); });
  }));
}

#if OBSCURA_OWN_FREE
namespace {
extern "C" void __libc_free(void* block);  // NOLINT: glibc's own name for it
}

/// Before the C library's, for everything in this process: `operator delete` comes here, too.
extern "C" void free(void* block) {
  look_at(block);
  __libc_free(block);
}
#endif

}  // namespace obscura::freed_memory
