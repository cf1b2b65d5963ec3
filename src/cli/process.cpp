#include "cli/process.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <system_error>

#include "base/error.h"
#include "base/out_of_memory.h"

namespace obscura::cli {
namespace {

/// Bytes of address space that the process may take (ulimit -v); 0 for no limit.
rlim_t address_space() noexcept {
  rlimit limit{};
  return ::getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY ? limit.rlim_cur : 0;
}

/// Each thread of OpenBLAS reserves 136 MB of addresses; where one cannot be made, OpenBLAS waits for it at exit.
constexpr rlim_t kEnoughForThreads = rlim_t{4} << 30;

bool addresses_are_few() noexcept {
  const rlim_t limit = address_space();
  return limit != 0 && limit < kEnoughForThreads;
}

/// Of a message, with its end: longer ones are cut.
constexpr std::size_t kLongestLine = 4096;

/// With the limit that the process has and what to do. Needs no memory itself.
void describe_out_of_memory(char* line, std::size_t size) noexcept {
  if (const rlim_t limit = address_space(); limit != 0) {
    std::snprintf(line, size,
                  "out of memory: the process may take %llu MB of addresses (ulimit -v): allow more, or ask for less "
                  "(fewer images, --threads 1)",
                  static_cast<unsigned long long>(limit / 1000000));
  } else {
    std::snprintf(line, size, "out of memory: ask for less (fewer images, --threads 1), or take a larger machine");
  }
}

/// In words for people.
void describe(const std::exception& error, char* line, std::size_t size) noexcept {
  const auto* system = dynamic_cast<const std::system_error*>(&error);
  if (is_out_of_memory(error)) {
    describe_out_of_memory(line, size);
  } else if (system != nullptr && system->code() == std::errc::resource_unavailable_try_again) {
    std::snprintf(line, size, "%s",
                  "the system starts no more threads for this process: fewer with --threads, or a higher ulimit -u or "
                  "-v");
  } else {
    std::snprintf(line, size, "%s", error.what());
  }
}

/// For what is thrown where nobody can catch it: in the start of a library, in a thread, out of a destructor.
[[noreturn]] void end_cleanly() noexcept {
  if (const auto thrown = std::current_exception()) {
    try {
      std::rethrow_exception(thrown);
    } catch (const std::exception& e) {
      report_failure(e);
    } catch (...) {
      print_error("stopped by an error that says nothing about itself");
    }
  } else {
    print_error("stopped by an error inside the program");
  }
  ::_exit(1);
}

/// Runs before the libraries that the program is linked with start themselves (their initialisers allocate, and
/// OpenBLAS makes threads): main would be too late to end cleanly when memory is short.
void before_libraries(int /*argc*/, char** /*argv*/, char** /*environment*/) {
  std::set_terminate(end_cleanly);
  if (addresses_are_few()) ::setenv("OPENBLAS_NUM_THREADS", "1", 0);
}

[[gnu::section(".preinit_array"), gnu::used]] void (*first)(int, char**, char**) = before_libraries;

}  // namespace

void print_error(const char* message) noexcept {
  char line[kLongestLine];
  std::snprintf(line, sizeof(line), "%s", message);
  for (char* c = line; *c != 0; ++c) {
    // Names in files could otherwise speak to the terminal.
    if (static_cast<unsigned char>(*c) < ' ' || *c == 0x7f) *c = ' ';
  }
  std::fprintf(stderr, "obscura: %s\n", line);
}

int report_failure(const std::exception& error) noexcept {
  char line[kLongestLine];
  describe(error, line, sizeof(line));
  print_error(line);
  const int status = dynamic_cast<const UsageError*>(&error) != nullptr ? 2 : 1;
  tell_outcome(status, line);
  return status;
}

void tell_outcome(int status, const char* error) noexcept {
  const char* number = std::getenv("OBSCURA_OUTCOME_FD");  // NOLINT(concurrency-mt-unsafe)
  if (number == nullptr) return;
  char text[2 * kLongestLine];
  int length = std::snprintf(text, sizeof(text), "{\"status\": %d, \"error\": \"", status);
  for (const char* c = error; *c != 0 && length < static_cast<int>(sizeof(text)) - 4; ++c) {
    if (*c == '"' || *c == '\\') text[length++] = '\\';
    text[length++] = static_cast<unsigned char>(*c) < ' ' ? ' ' : *c;
  }
  length += std::snprintf(text + length, sizeof(text) - static_cast<std::size_t>(length), "\"}");
  const int pipe = std::atoi(number);
  for (const char* at = text; length > 0;) {
    const ssize_t written = ::write(pipe, at, static_cast<std::size_t>(length));
    if (written <= 0 && errno != EINTR) return;  // nobody listens
    if (written > 0) at += written, length -= static_cast<int>(written);
  }
}

int leave(int status) noexcept {
  if (!addresses_are_few()) return status;
  std::fflush(nullptr);
  ::_exit(status);
}

}  // namespace obscura::cli
