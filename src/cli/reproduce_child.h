#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace obscura::cli {

/// How a verb ended that was run as a process of its own.
struct ChildResult {
  int status = 0;       ///< its exit code; 128 + the signal that ended it
  std::string message;  ///< its last line "obscura: ..." on standard error that is no note, without "obscura: "
};

/// Runs this very program with other arguments. What it writes to standard error is passed on, what it writes to
/// standard output goes into the file `output`, or nowhere without one. A process each, so that the memory that a verb
/// reports is its own, and one that runs out of it takes no other with it. Throws IoError if it cannot be started.
ChildResult run_self(const std::vector<std::string>& arguments, const std::filesystem::path& output = {});

}  // namespace obscura::cli
