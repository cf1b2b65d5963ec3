#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>

#include "train/trainer.h"

/// What both kinds of training write and say while they run.
namespace obscura::cli {

/// The network's file with another ending.
std::filesystem::path beside(const std::filesystem::path& out, const char* ending);

/// A checkpoint beside the network, and a line an epoch of `total` unless `quiet`.
train::RunOptions run_options(const std::filesystem::path& out, std::uint64_t seed, std::size_t threads,
                              std::size_t total, bool quiet);

}  // namespace obscura::cli
