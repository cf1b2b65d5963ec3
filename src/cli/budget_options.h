#pragma once

#include <CLI/CLI.hpp>

namespace obscura::cli {

/// --max-keys: bytes, 0 without it.
CLI::Option* add_max_keys(CLI::App& verb, double& bytes);
/// --max-memory: bytes, 0 without it.
CLI::Option* add_max_memory(CLI::App& verb, double& bytes);
/// --precision-bits: the error of a logit over the largest logit, 2^-bits; as it is without it.
CLI::Option* add_precision_bits(CLI::App& verb, double& relative_error);

}  // namespace obscura::cli
