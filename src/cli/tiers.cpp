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
  return tier == Tier::networks ? "obscura-networks" : "obscura-learning";
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
  throw UnsupportedError("this installation lacks " + name + ", which " +
                         (tier == Tier::networks ? "reads networks" : "trains and attacks") +
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
