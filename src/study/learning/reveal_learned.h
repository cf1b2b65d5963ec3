#pragma once

#include <cstddef>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>

#include "audit/scene/quality.h"

namespace obscura::study {

/// What a network's adaptation makes of protected pictures, without any key.
struct LearnedReveal {
  std::filesystem::path network;
  std::filesystem::path plain;  ///< the originals, where somebody has them to judge by
  std::filesystem::path in;     ///< a protected picture, or a folder of them
  std::filesystem::path out;    ///< a PNG file, or a folder
  bool progress = false;        ///< is shown
};

struct RevealedPictures {
  std::size_t images = 0;
  std::optional<audit::Quality> quality;  ///< against the originals, the tone of each channel fitted
};

/// Writes what it found to `out`. Throws as reading and writing do, MismatchError for pictures of another size than the
/// network's.
RevealedPictures reveal_learned(const LearnedReveal& reveal);

/// {images, out} and, against originals, {psnr, ssim, correlation, identified}.
nlohmann::ordered_json reveal_json(const LearnedReveal& reveal, const RevealedPictures& found);

}  // namespace obscura::study
