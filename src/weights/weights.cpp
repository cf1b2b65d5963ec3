#include "weights/weights.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "base/printable.h"
#include "weights/formats.h"

namespace obscura::weights {
namespace {

bool looks_like_zip(std::span<const std::uint8_t> bytes) {
  return bytes.size() >= 4 && bytes[0] == 'P' && bytes[1] == 'K' && bytes[2] == 3 && bytes[3] == 4;
}

WeightFile decode_zip(std::span<const std::uint8_t> bytes, const std::string& what) {
  ZipArchive archive(bytes, what);
  if (looks_like_pth(archive)) return decode_pth(archive, what);
  if (looks_like_npz(archive)) return decode_npz(archive, what);
  throw FormatError(fmt::format("{} is an archive with neither a PyTorch state dict nor NumPy arrays in it", what));
}

WeightFile decode(std::span<const std::uint8_t> bytes, const std::string& what) {
  if (looks_like_zip(bytes)) return decode_zip(bytes, what);
  if (looks_like_legacy_pth(bytes)) return decode_legacy_pth(bytes, what);
  if (looks_like_safetensors(bytes)) return decode_safetensors(bytes, what);
  throw FormatError(
      fmt::format("{} is no file of weights; expected safetensors, PyTorch's .pth, or NumPy's .npz", what));
}

}  // namespace

WeightFile decode_weights(std::span<const std::uint8_t> bytes, const std::string& what) {
  // They name tensors and files of archives.
  return with_printable_errors([&] { return decode(bytes, what); });
}

WeightFile read_weights(const std::filesystem::path& path) {
  return decode_weights(read_file(path), path.string());
}

}  // namespace obscura::weights
