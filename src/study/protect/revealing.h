#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <nlohmann/json_fwd.hpp>

#include "secret/passphrase.h"
#include "shield/shield.h"

/// The owner's way back from protected pictures.
namespace obscura::study {

struct RevealRequest {
  std::filesystem::path key;
  ckks::Sealing sealing;      ///< opens it, if it is sealed
  std::filesystem::path in;   ///< a protected picture, or a folder of them
  std::filesystem::path out;  ///< a PNG file, or a folder that is not there yet
  std::size_t threads = 0;
  bool progress = false;  ///< is shown
};

struct Revealed {
  std::shared_ptr<const shield::Shield> shield;
  std::size_t images = 0;
  double seconds = 0;

  double images_per_second() const;
};

/// All pictures or none. Throws UnsupportedError for a shield that has no way back, MismatchError for pictures of
/// another key, and as reading and writing do.
Revealed reveal_pictures(const RevealRequest& request);

/// The object that docs/cli.md describes.
nlohmann::ordered_json reveal_json(const RevealRequest& request, const Revealed& done);

}  // namespace obscura::study
