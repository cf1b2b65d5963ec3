#include "fuzz/memory_meter.h"

#include <malloc.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <new>

#if defined(__SANITIZE_ADDRESS__)
#define OBSCURA_ADDRESS_SANITIZER
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define OBSCURA_ADDRESS_SANITIZER
#endif
#endif

namespace obscura::fuzz {
namespace {

/// What the meter of this thread counts: allocators cannot be handed an object.
struct Count {
  bool on = false;
  std::int64_t held = 0, peak = 0;
};
thread_local constinit Count count;

[[maybe_unused]] void add(std::size_t bytes) noexcept {
  if (!count.on) return;
  count.held += static_cast<std::int64_t>(bytes);
  count.peak = std::max(count.peak, count.held);
}

[[maybe_unused]] void remove(std::size_t bytes) noexcept {
  if (count.on) count.held -= static_cast<std::int64_t>(bytes);
}

}  // namespace

MemoryMeter::MemoryMeter() {
  count = {true, 0, 0};
}

MemoryMeter::~MemoryMeter() {
  count.on = false;
}

std::size_t MemoryMeter::peak() const {
  return static_cast<std::size_t>(count.peak);
}

#ifdef OBSCURA_ADDRESS_SANITIZER

extern "C" {
int __sanitizer_install_malloc_and_free_hooks(void (*allocated)(const volatile void*, std::size_t),
                                              void (*freed)(const volatile void*));
std::size_t __sanitizer_get_allocated_size(const volatile void*);
}

namespace {

[[maybe_unused]] const int installed =
    __sanitizer_install_malloc_and_free_hooks([](const volatile void*, std::size_t size) { add(size); },
                                              [](const volatile void* at) {
                                                if (at != nullptr && count.on)
                                                  remove(__sanitizer_get_allocated_size(at));
                                              });

}  // namespace

#else

namespace {

void* counted(std::size_t size, std::size_t alignment) {
  void* at = alignment <= alignof(std::max_align_t)
                 ? std::malloc(std::max<std::size_t>(size, 1))
                 : std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
  if (at == nullptr) throw std::bad_alloc();
  add(malloc_usable_size(at));
  return at;
}

void uncounted(void* at) noexcept {
  if (at != nullptr) remove(malloc_usable_size(at));
  std::free(at);
}

}  // namespace

#endif

}  // namespace obscura::fuzz

#ifndef OBSCURA_ADDRESS_SANITIZER

void* operator new(std::size_t size) {
  return obscura::fuzz::counted(size, 0);
}
void* operator new(std::size_t size, std::align_val_t alignment) {
  return obscura::fuzz::counted(size, static_cast<std::size_t>(alignment));
}
void operator delete(void* at) noexcept {
  obscura::fuzz::uncounted(at);
}
void operator delete(void* at, std::size_t) noexcept {
  obscura::fuzz::uncounted(at);
}
void operator delete(void* at, std::align_val_t) noexcept {
  obscura::fuzz::uncounted(at);
}
void operator delete(void* at, std::size_t, std::align_val_t) noexcept {
  obscura::fuzz::uncounted(at);
}

#endif
