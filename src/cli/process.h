#pragma once

#include <exception>

/// How the process begins and how it ends when something gives out.
namespace obscura::cli {

/// One line on standard error, "obscura: ...", whatever line ends a library put into its message.
void print_error(const char* message) noexcept;

/// Prints it as print_error does, tells a parent that asked, and returns the exit code: 2 for a UsageError, else 1.
int report_failure(const std::exception& error) noexcept;

/// Where the environment names a pipe (OBSCURA_OUTCOME_FD), it gets how the process ends, once, as the JSON object
/// {"status": number, "error": text}: for a parent that need not read what people read.
void tell_outcome(int status, const char* error) noexcept;

/// The last call of main: returns the exit code. Where addresses are few (ulimit -v), libraries that could not make
/// their threads wait for them for ever when they are unloaded, so the process ends here instead.
int leave(int status) noexcept;

}  // namespace obscura::cli
