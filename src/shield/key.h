#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "shield/shield.h"

namespace obscura::shield {

/// What the owner keeps: whoever has it reveals every image.
struct Key {
  Parameters parameters;
  Seed seed{};
  /// Hill keys from elsewhere: three, each block^4 entries row after row. Then the seed is only a hash of them.
  std::vector<std::vector<double>> matrices;
  /// What the layers of a random network are normalised by, if that is frozen: `depth` entries of `hidden` numbers
  /// each; none stands for those of the built-in images.
  std::vector<LayerStatistics> statistics = {};
};

/// A key drawn by the operating system's generator. Frozen statistics are measured on `images`, public ones that are
/// like those to be protected, or on built-in ones if there are none (calibration.h). Throws as complete() and
/// calibrate().
Key make_key(const Parameters& parameters, std::span<const image::Image> images = {});
/// The key of a given seed, as secret as that is: for what has to be repeated.
Key key_of_seed(const Parameters& parameters, const Seed& seed, std::span<const image::Image> images = {});

/// One key for all images. Throws ParameterError for matrices that make no key.
std::unique_ptr<Shield> make_shield(const Key& key);
/// The key of one image, derived from the master key. Frozen statistics are measured anew on the built-in images, since
/// the weights are others: that takes as long as protecting 512 patches. Throws UnsupportedError for a key of matrices.
std::unique_ptr<Shield> make_shield(const Key& key, const Nonce& nonce);

/// "real" or "modular".
std::string to_string(Arithmetic arithmetic);
/// "frozen", "instance" or "batch", and back: throws UsageError for any other word.
std::string to_string(Statistics statistics);
Statistics parse_statistics(const std::string& word);

/// A JSON object: format, version, shield, block, arithmetic, and either seed (64 hexadecimal digits) or matrices; for
/// random networks also depth, hidden, channels, statistics, and, if those are frozen, means and variances of each
/// layer.
std::string key_text(const Key& key);
/// Reads what nobody has checked; `what` names it in error messages. Throws FormatError for what is no key of this
/// version, ParameterError for matrices that are singular or of another size.
Key parse_key(const std::string& text, const std::string& what);

/// The file is the owner's only (mode 0600). Throws IoError if there is one already: what was protected with the old
/// key could not be revealed again.
void write_key(const std::filesystem::path& path, const Key& key);
/// Throws IoError and as parse_key.
Key read_key(const std::filesystem::path& path);

}  // namespace obscura::shield
