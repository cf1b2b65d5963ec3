#include "cli/tiers.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string>

#include "base/error.h"

namespace fs = std::filesystem;

namespace obscura::cli {
namespace {

char** arguments = nullptr;

fs::path folder() {
  std::error_code ec;
  return fs::read_symlink("/proc/self/exe", ec).parent_path();
}

const char* name_of(Tier tier) {
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

}  // namespace

void keep_arguments(char** argv) {
  arguments = argv;
}

void continue_in(Tier tier) {
  const std::string name = name_of(tier);
  for (const fs::path& file : {folder() / name, folder() / "../libexec/obscura" / name}) {
    std::error_code ec;
    if (arguments != nullptr && fs::exists(file, ec)) ::execv(file.c_str(), arguments);
  }
  throw UnsupportedError("this installation lacks " + name + ", which " + use_of(tier) +
                         ": build it (./dev build) or install it beside obscura");
}

const char* front_program() {
  static const std::string file = [] {
    std::error_code ec;
    for (const fs::path& path : {folder() / "obscura", folder() / "../../bin/obscura"}) {
      if (fs::exists(path, ec)) return path.string();
    }
    return std::string("/proc/self/exe");
  }();
  return file.c_str();
}

}  // namespace obscura::cli
