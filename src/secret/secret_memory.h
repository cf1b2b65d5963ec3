#pragma once

#include <sodium.h>

#include <cstddef>
#include <limits>
#include <new>
#include <type_traits>
#include <vector>

/// Memory for what only the owner may know. Every allocation is wiped before it is given back, so what a vector grew
/// out of, was moved from or was assigned over leaves nothing behind. Two kinds, for two lengths of life:
///
///   GuardedVector   keys and passphrases: pages of their own between inaccessible ones, left out of core files
///                   (MADV_DONTDUMP) and locked against swapping where the system's limit (ulimit -l) allows;
///                   libsodium's sodium_malloc. Costs four pages and a few system calls each
///   WipedVector     plaintexts, and what decrypts on its way to a result: ordinary memory, wiped
namespace obscura::ckks {

namespace secret_memory {

/// Aligned to 64 bytes. Throws std::bad_alloc, and Error if libsodium cannot start.
void* take_guarded(std::size_t bytes);

template <typename T>
std::size_t bytes_of(std::size_t count) {
  if (count > std::numeric_limits<std::size_t>::max() / sizeof(T)) throw std::bad_array_new_length();
  return count * sizeof(T);
}

}  // namespace secret_memory

template <typename T>
struct GuardedAllocator {
  using value_type = T;
  GuardedAllocator() = default;
  template <typename U>
  GuardedAllocator(const GuardedAllocator<U>& /*other*/) noexcept {}
  T* allocate(std::size_t count) {
    return static_cast<T*>(secret_memory::take_guarded(secret_memory::bytes_of<T>(count)));
  }
  void deallocate(T* data, std::size_t /*count*/) noexcept { sodium_free(data); }
  template <typename U>
  bool operator==(const GuardedAllocator<U>& /*other*/) const noexcept {
    return true;
  }
};

template <typename T>
struct WipingAllocator {
  using value_type = T;
  WipingAllocator() = default;
  template <typename U>
  WipingAllocator(const WipingAllocator<U>& /*other*/) noexcept {}
  T* allocate(std::size_t count) { return static_cast<T*>(::operator new(secret_memory::bytes_of<T>(count))); }
  void deallocate(T* data, std::size_t count) noexcept {
    sodium_memzero(data, count * sizeof(T));
    ::operator delete(data);
  }
  template <typename U>
  bool operator==(const WipingAllocator<U>& /*other*/) const noexcept {
    return true;
  }
};

/// A vector, or one of vectors, that somebody else made of ordinary memory: wiped as it stands when this goes.
template <typename Vector>
class WipeAtEnd {
 public:
  explicit WipeAtEnd(Vector& values) : values_(values) {}
  WipeAtEnd(const WipeAtEnd&) = delete;
  WipeAtEnd& operator=(const WipeAtEnd&) = delete;
  ~WipeAtEnd() { wipe(values_); }

 private:
  template <typename T>
  static void wipe(std::vector<T>& values) noexcept {
    if constexpr (std::is_trivially_copyable_v<T>) {
      sodium_memzero(values.data(), values.size() * sizeof(T));
    } else {
      for (T& inner : values) wipe(inner);
    }
  }
  Vector& values_;
};

template <typename T>
using GuardedVector = std::vector<T, GuardedAllocator<T>>;
template <typename T>
using WipedVector = std::vector<T, WipingAllocator<T>>;

}  // namespace obscura::ckks
