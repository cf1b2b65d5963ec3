#include "cli/hardening.h"

#include <sys/resource.h>
#if defined(__linux__)
#include <sys/prctl.h>
#endif

namespace obscura::cli {

void keep_secrets_in() noexcept {
  constexpr rlimit kNone{0, 0};
  ::setrlimit(RLIMIT_CORE, &kNone);
#if defined(__linux__)
  // A core_pattern that is a pipe gets a core whatever the limit is; not of a process that says no.
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}

}  // namespace obscura::cli
