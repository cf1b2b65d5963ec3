#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "train/encrypted/trainer.h"

namespace obscura::train {

/// The state between two epochs. File: magic "OBSCTRN3", text fingerprint, u32 number of epochs, nine f64 an epoch,
/// u64 length and bytes of the model, the same of the optimiser, of the average and of the best model, u64 FNV-1a of
/// all before; little-endian.
struct Checkpoint {
  std::string fingerprint;  ///< what the run was, with what is held back; another run must not go on from it
  std::vector<EpochResult> epochs;
  std::string model;      ///< LibTorch archive
  std::string optimiser;  ///< LibTorch archive
  std::string average;    ///< LibTorch archive of the model with averaged weights; empty: there is none
  std::string best;       ///< LibTorch archive of what is kept after the best epoch so far; empty: the last one is it
};

/// FNV-1a, 64 bits: finds accidents, not malice.
std::uint64_t fnv1a(const void* bytes, std::size_t size, std::uint64_t hash = 0xcbf29ce484222325ULL);

/// Whole or not at all. Throws IoError.
void write_checkpoint(const Checkpoint& checkpoint, const std::filesystem::path& path);

/// Nothing if there is no such file. Throws FormatError if it is damaged, IoError if it cannot be read.
std::optional<Checkpoint> read_checkpoint(const std::filesystem::path& path);

}  // namespace obscura::train
