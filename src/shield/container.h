#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "shield/key.h"

/// Protected images as files. Bytes are a PNG that any program shows, with a text chunk "obscura-shield" that says what
/// made it; real samples are a `.shield` file, which loses nothing (docs/shields.md has its bytes).
namespace obscura::shield {

/// What a protected file says of itself. Nothing in it is secret.
struct Label {
  Parameters parameters;
  std::uint64_t key = 0;       ///< fingerprint() of the owner's seed
  std::optional<Nonce> nonce;  ///< of a picture with a key of its own
  std::size_t height = 0;      ///< of the original
  std::size_t width = 0;
  friend bool operator==(const Label&, const Label&) = default;
};

/// A picture with its label; without one if the file was written anew by another program, which drops the label.
struct Labelled {
  std::optional<Label> label;
  Picture picture;
};

/// ".png" or ".shield".
std::string file_ending(const Parameters& parameters);

/// What protect wrote: images and .shield files, but not the views, which are for people only.
bool is_protected_name(const std::filesystem::path& path);

/// Throws ParameterError for an empty picture.
std::vector<std::uint8_t> encode(const Label& label, const Picture& picture);
/// Reads what nobody has checked: a `.shield` file, or any image, labelled or not. `what` names it in error messages.
/// Throws FormatError.
Labelled decode(std::span<const std::uint8_t> bytes, const std::string& what);

/// A picture of real samples for people: its range from least to greatest is spread over 0 to 255. Where it has neither
/// one channel nor three, its first channels, up to 64, are tiles side by side. It cannot be revealed.
image::Image view(const RealImage& picture);

/// The key's shield undoes what the label says was done. Throws MismatchError if another key or shield made the file.
/// A file without a label is taken as made with one key for all, and as large as the original.
image::Image reveal(const Key& key, const Shield& shared, const Labelled& file, const std::string& what);

}  // namespace obscura::shield
