#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/notes.h"
#include "train/vision/trainer.h"

namespace obscura::study {

/// Where an er-cnn adaptation can start: what an attacker without any plain image finds out (audit/match_hill.h), from
/// the first protected pictures and public images: the last 10,000 training images of a data set or folder, or drawn
/// ones if `publics` is empty.
/// Throws UnsupportedError if the pictures cannot be of a hill with such blocks.
std::vector<train::BlockGuess> guess_blocks(const train::Pictures& pictures, std::size_t block,
                                            const std::string& publics, const std::filesystem::path& data,
                                            std::uint64_t seed, const Notes& note);

/// The same from the protected pictures alone (audit/blind_hill.h).
std::vector<train::BlockGuess> guess_blocks_blindly(const train::Pictures& pictures, std::size_t block,
                                                    std::uint64_t seed, const Notes& note);

}  // namespace obscura::study
