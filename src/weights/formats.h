#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "weights/weights.h"
#include "weights/zip.h"

/// For weights_*.cpp: one reader for each kind of file, with bytes that nobody has checked. All throw FormatError;
/// `what` names the file.
namespace obscura::weights {

/// The first 8 bytes are the length of a header of JSON.
bool looks_like_safetensors(std::span<const std::uint8_t> bytes);
WeightFile decode_safetensors(std::span<const std::uint8_t> bytes, const std::string& what);

/// What torch.save wrote before PyTorch 1.6: pickles one after the other, then the storages.
bool looks_like_legacy_pth(std::span<const std::uint8_t> bytes);
WeightFile decode_legacy_pth(std::span<const std::uint8_t> bytes, const std::string& what);

/// What torch.save writes since: a pickle and the storages, as files of an archive.
bool looks_like_pth(const ZipArchive& archive);
WeightFile decode_pth(ZipArchive& archive, const std::string& what);

/// Arrays as files of an archive, called <name>.npy.
bool looks_like_npz(const ZipArchive& archive);
WeightFile decode_npz(ZipArchive& archive, const std::string& what);

}  // namespace obscura::weights
