#pragma once

#include <CLI/CLI.hpp>

namespace obscura::cli {

/// --max-keys: bytes, 0 without it.
CLI::Option* add_max_keys(CLI::App& verb, double& bytes);
/// --max-memory: bytes, 0 without it.
CLI::Option* add_max_memory(CLI::App& verb, double& bytes);

}  // namespace obscura::cli
