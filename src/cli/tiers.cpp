#include "cli/tiers.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string>

#include "base/error.h"
#include "cli/parts.h"

namespace fs = std::filesystem;

namespace obscura::cli {
namespace {

char** arguments = nullptr;

fs::path folder() {
  std::error_code ec;
  return fs::read_symlink("/proc/self/exe", ec).parent_path();
}

/// What a part is for, for people who lack it.
const char* use_of(Tier tier) {
  switch (tier) {
    case Tier::learning:
      return "trains and attacks";
    case Tier::server:
      return "serves models over a network";
    case Tier::remote:
      return "speaks to servers";
    case Tier::trusted:
      return "decrypts pictures for mode trusted";
    default:
      return "reads networks";
  }
}

/// The Debian package that has it (docs/packages.md).
const char* package_of(Tier tier) {
  switch (tier) {
    case Tier::learning:
      return "obscura-learning";
    case Tier::server:
    case Tier::trusted:
      return "obscura-server";
    default:
      return "obscura";
  }
}

}  // namespace

const char* part_name(Tier tier) {
  switch (tier) {
    case Tier::networks:
      return "obscura-networks";
    case Tier::learning:
      return "obscura-learning";
    case Tier::server:
      return "obscura-server";
    case Tier::remote:
      return "obscura-remote";
    case Tier::trusted:
      return "obscura-trusted";
    case Tier::files:
      break;
  }
  return "obscura";
}

fs::path part_file(Tier tier) {
  const std::string name = part_name(tier);
  for (const fs::path& file :
       {folder() / name, folder() / "../libexec/obscura" / name, folder() / "../../bin" / name}) {
    std::error_code ec;
    if (fs::exists(file, ec)) return file;
  }
  return {};
}

void keep_arguments(char** argv) {
  arguments = argv;
}

void continue_in(Tier tier) {
  const fs::path file = part_file(tier);
  if (arguments != nullptr && !file.empty()) ::execv(file.c_str(), arguments);
  throw UnsupportedError("this installation lacks " + std::string(part_name(tier)) + ", which " + use_of(tier) +
                         ": build it (./dev build), or install it: package " + package_of(tier));
}

const char* front_program() {
  static const std::string file = [] {
    const fs::path found = part_file(Tier::files);
    return found.empty() ? std::string("/proc/self/exe") : found.string();
  }();
  return file.c_str();
}

}  // namespace obscura::cli
