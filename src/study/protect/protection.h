#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "base/notes.h"
#include "image/dataset.h"
#include "shield/shield.h"
#include "study/shield_key.h"

/// Images become pictures that a network can still learn from, and people cannot read.
namespace obscura::study {

struct ProtectionRequest {
  KeyOptions key;
  std::filesystem::path in;  ///< an image or a folder of them; unless there is a data set
  std::string dataset;       ///< by name or folder; images go to CLASS/NUMBER
  image::Split split = image::Split::test;
  std::size_t limit = 0;       ///< of the data set: the first so many; 0: all
  std::filesystem::path data;  ///< folder of the data sets
  std::filesystem::path out;   ///< a file for one image, else a folder
  bool per_image = false;      ///< a key an image, derived from the key and a nonce in its file
  bool colour = false;         ///< grey images become colour images
  bool views = true;           ///< real pictures are written as pictures for people, too
  std::size_t batch = 128;     ///< images that are protected together, for a key with statistics of batches
  std::size_t threads = 0;
  bool progress = false;  ///< is shown
  Notes note;
  /// Where one image becomes a file: hears of it and of its view (empty: none) before they are written, and may throw.
  std::function<void(const std::filesystem::path& file, const std::filesystem::path& view)> check;
};

struct ProtectedPictures {
  std::shared_ptr<const shield::Shield> shield;
  std::size_t images = 0;
  std::size_t bytes = 0;
  double seconds = 0;
  double transform_seconds = 0;    ///< of the transform alone: processor time, all threads together
  double processor_seconds = 0;    ///< of all, with reading and writing
  double key_space_bits = 0;       ///< for the first image
  std::vector<std::string> notes;  ///< what reading changed and reveal does not undo

  double images_per_second() const;
};

/// Writes the key first, if it is to be made (images without it would be lost; it goes again if nothing comes of them),
/// then all pictures or none. Throws UsageError, UnsupportedError for what does not go together, and as take_key(),
/// reading and writing do.
ProtectedPictures protect_pictures(const ProtectionRequest& request);

/// The object that docs/cli.md describes.
nlohmann::ordered_json protection_json(const ProtectionRequest& request, const ProtectedPictures& done);

}  // namespace obscura::study
