#pragma once

#include <filesystem>

namespace obscura {

/// Bytes that this process can still take before it is killed for memory or waits for a disk that is no swap: what
/// Linux has available (proc(5), MemAvailable and SwapFree), and no more than its control groups leave it (cgroup v2,
/// memory.max, or v1), whose file caches count as free. Infinite where nothing is known. `root`: where the files of the
/// system are.
double free_memory(const std::filesystem::path& root = "/");

}  // namespace obscura
