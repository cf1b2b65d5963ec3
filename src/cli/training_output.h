#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "train/encrypted/trainer.h"

/// What both kinds of training write and say while they run.
namespace obscura::cli {

/// The network's file with another ending.
std::filesystem::path beside(const std::filesystem::path& out, const char* ending);

/// A checkpoint beside the network, and a line an epoch of `total` unless `quiet`.
train::RunOptions run_options(const std::filesystem::path& out, std::uint64_t seed, std::size_t threads,
                              std::size_t total, bool quiet);

/// A line each on standard error, unless `quiet`.
void say_notes(const std::vector<std::string>& notes, bool quiet);

/// What a training has come to: the test figure with its interval, the epoch that was kept and why, and figures a
/// class. `what` are "images" or "pictures".
std::string result_text(const std::filesystem::path& out, const train::TrainResult& result,
                        const std::vector<std::string>& classes, const std::string& what);

}  // namespace obscura::cli
