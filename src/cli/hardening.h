#pragma once

namespace obscura::cli {

/// For a process that will hold a secret: it leaves no core file, and other processes of the same user can neither
/// attach to it nor read its memory (PR_SET_DUMPABLE 0, which a following exec takes back; RLIMIT_CORE 0, which
/// children keep). Keys themselves are in memory of their own (secret/secret_memory.h). What the system refuses is
/// left.
void keep_secrets_in() noexcept;

}  // namespace obscura::cli
