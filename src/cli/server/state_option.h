#pragma once

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <filesystem>

#include "base/environment.h"
#include "cli/options.h"

namespace obscura::cli {

/// Where systemd says that state goes, else a folder beside.
inline std::filesystem::path default_state() {
  const std::string folder = environment("STATE_DIRECTORY");
  return folder.empty() ? "obscura-state" : folder;
}

inline void add_state(CLI::App& verb, std::filesystem::path& state) {
  verb.add_option("--state", state, "The server's folder: tenants, tokens, keys; made where it is missing")
      ->capture_default_str()
      ->group(kFiles);
}

}  // namespace obscura::cli
