#include "base/out_of_memory.h"

#include <gtest/gtest.h>

#include <new>
#include <stdexcept>

namespace obscura {
namespace {

TEST(OutOfMemory, IsKnownInWhateverALibraryThrows) {
  EXPECT_TRUE(is_out_of_memory(std::bad_alloc()));
  EXPECT_TRUE(is_out_of_memory(std::bad_array_new_length()));
  EXPECT_TRUE(is_out_of_memory(
      std::runtime_error("OpenCV(4.6.0) alloc.cpp:73: error: (-4:Insufficient memory) Failed to allocate 9 bytes")));
  EXPECT_TRUE(is_out_of_memory(std::runtime_error("DefaultCPUAllocator: can't allocate memory: you tried to")));
  EXPECT_FALSE(is_out_of_memory(std::runtime_error("damaged")));
  EXPECT_FALSE(is_out_of_memory(std::length_error("vector::reserve")));
}

}  // namespace
}  // namespace obscura
