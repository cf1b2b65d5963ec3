#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <span>
#include <string>

#include "image/image.h"
#include "secret/passphrase.h"
#include "shield/key.h"

/// Which key `protect`, `train` and others take, or make.
namespace obscura::study {

/// As on the command line; zeros and empty words were not given.
struct KeyOptions {
  std::filesystem::path file;
  bool make = false;
  std::string shield;
  std::size_t block = 0;
  std::string arithmetic;
  int depth = 0;
  std::size_t hidden = 0;
  std::string statistics;
  std::string calibrate;  ///< a data set or a folder of images
  /// Opens a key that is sealed; with `seal_new`, one was named: a key that is made is sealed.
  ckks::Sealing sealing;
};

/// True if anything was given that only a key has: all but the file and the block.
bool describes_key(const KeyOptions& options);

/// The key of the file, which must agree with the options, or one made now: whoever makes one writes it when all else
/// is done. `channels` says how many the images have, and is asked only if the key depends on it; `data` is the folder
/// of the data sets. Throws UsageError, IoError, MismatchError and as load_shield_key() (study/shield_key_file.h) and
/// make_key() do.
shield::Key take_key(const KeyOptions& options, const std::filesystem::path& data,
                     const std::function<std::size_t()>& channels);

/// A key as take_key() makes one, without a file: whatever `options` say of files, passphrases and sets. `channels`: of
/// the images, for a shield whose key depends on it. `images`: public ones, to calibrate by; none: the built-in ones.
shield::Key draw_key(const KeyOptions& options, std::size_t channels, std::span<const image::Image> images = {});

}  // namespace obscura::study
