#include "base/free_memory.h"

#include <algorithm>
#include <fstream>
#include <limits>
#include <optional>
#include <string>

namespace obscura {
namespace {

namespace fs = std::filesystem;

constexpr double kUnlimited = std::numeric_limits<double>::infinity();

/// The number behind a word in a file of words and numbers; the first number where the word is empty.
std::optional<double> number_in(const fs::path& file, const std::string& name) {
  std::ifstream in(file);
  double number = 0;
  if (name.empty()) return in >> number ? std::optional(number) : std::nullopt;
  for (std::string word; in >> word;) {
    if (word == name) return in >> number ? std::optional(number) : std::nullopt;
  }
  return {};
}

/// What the files of a version of control groups are called.
struct Version {
  const char* line;  ///< what a process's group stands behind, in /proc/self/cgroup
  const char* mount;
  const char *limit, *used, *cached;
};

constexpr Version kVersions[] = {
    {"0::", "sys/fs/cgroup", "memory.max", "memory.current", "inactive_file"},
    {":memory:", "sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"}};

/// The group that this process is in, as a path below the mount; empty where it is not said.
fs::path group_of(const fs::path& root, const Version& version) {
  std::ifstream in(root / "proc/self/cgroup");
  for (std::string line; std::getline(in, line);) {
    const auto at = line.find(version.line);
    if (at != std::string::npos) return fs::path(line.substr(line.find('/', at) + 1)).lexically_normal();
  }
  return {};
}

double left_in(const fs::path& group, const Version& version) {
  const auto limit = number_in(group / version.limit, "");  // "max" is none
  if (!limit) return kUnlimited;
  const double used = number_in(group / version.used, "").value_or(0);
  return std::max(0.0, *limit - used + number_in(group / "memory.stat", version.cached).value_or(0));
}

/// The least that a group of this process, or one that it is in, has left. In a container its own is the mount.
double left_in_groups(const fs::path& root, const Version& version) {
  const fs::path mount = root / version.mount;
  double left = left_in(mount, version);
  fs::path group = mount;
  for (const auto& part : group_of(root, version)) left = std::min(left, left_in(group /= part, version));
  return left;
}

}  // namespace

double free_memory(const fs::path& root) {
  constexpr double kKilo = 1024;
  const auto available = number_in(root / "proc/meminfo", "MemAvailable:");
  double left =
      available ? (*available + number_in(root / "proc/meminfo", "SwapFree:").value_or(0)) * kKilo : kUnlimited;
  for (const auto& version : kVersions) left = std::min(left, left_in_groups(root, version));
  return left;
}

}  // namespace obscura
