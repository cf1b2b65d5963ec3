#pragma once

#include <exception>

/// How the process begins and how it ends when something gives out.
namespace obscura::cli {

/// One line on standard error, "obscura: ...", whatever line ends a library put into its message.
void print_error(const char* message) noexcept;

/// "out of memory: ...", with the limit that the process has and what to do. Needs no memory itself.
void print_out_of_memory() noexcept;

/// Prints it as print_error does and returns the exit code: 2 for a UsageError, else 1.
int report_failure(const std::exception& error) noexcept;

}  // namespace obscura::cli
