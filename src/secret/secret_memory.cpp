#include "secret/secret_memory.h"

#include "base/error.h"

namespace obscura::ckks::secret_memory {
namespace {

constexpr std::size_t kAlignment = 64;

}  // namespace

void* take_guarded(std::size_t bytes) {
  static const bool ready = sodium_init() >= 0;  // it learns the size of a page there
  if (!ready) throw Error("libsodium cannot start: no memory for secrets");
  if (bytes > std::numeric_limits<std::size_t>::max() - kAlignment) throw std::bad_alloc();
  // What is allocated ends where a page ends, so whole lines begin where a line begins.
  void* const data = sodium_malloc((bytes + kAlignment - 1) / kAlignment * kAlignment);
  if (data == nullptr) throw std::bad_alloc();
  return data;
}

}  // namespace obscura::ckks::secret_memory
