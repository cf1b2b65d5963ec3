#pragma once

#include <exception>

namespace obscura {

/// True for std::bad_alloc and for what OpenCV, LibTorch and zstd throw in its place. Whoever turns what a library
/// throws into an error about a file or a network passes these on as they are: nothing is wrong with the file.
/// Thread-safe.
bool is_out_of_memory(const std::exception& error) noexcept;

}  // namespace obscura
