#pragma once

#include <cstddef>

namespace obscura::fuzz {

/// The most memory that this thread held at once beyond what it held when the meter was made, as the allocator was
/// asked for it. Under the address sanitizer all of malloc is counted, else operator new. One at a time a thread.
class MemoryMeter {
 public:
  MemoryMeter();
  ~MemoryMeter();
  MemoryMeter(const MemoryMeter&) = delete;
  MemoryMeter& operator=(const MemoryMeter&) = delete;

  std::size_t peak() const;
};

}  // namespace obscura::fuzz
