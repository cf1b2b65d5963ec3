#pragma once

#include <string>

/// What reports say of the machine that they were made on.
namespace obscura {

/// As Linux names it; "unknown" where it does not.
std::string cpu_model();

/// Bytes of memory that are built in.
double physical_memory();

/// The most memory that this process has held so far, in millions of bytes, to a tenth.
double peak_memory_mb();

}  // namespace obscura
