#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include "image/dataset.h"

/// Data sets as somebody wants their pictures: photos of any size and colour made to fit a network.
namespace obscura::image {

/// What pictures are made. A regular type.
struct PictureForm {
  std::size_t width = 0;  ///< both 0: the first picture's size, and of photos over `largest` a side that
  std::size_t height = 0;
  std::size_t channels = 0;  ///< 1: grey, 3: RGB, 0: as they are: grey if all are grey
  Fit fit = Fit::stretch;
  std::size_t largest = kMaxSide;  ///< with no size: the longest side that a folder's first picture may keep

  bool has_size() const { return width != 0; }
  friend bool operator==(const PictureForm&, const PictureForm&) = default;
};

/// "64" is 64 x 64, "64x48" 64 wide and 48 high: sets width and height. Throws UsageError for anything else.
void parse_size(const std::string& text, PictureForm& form);

/// "grey" is 1, "rgb" 3. Throws UsageError for anything else.
std::size_t parse_colour(const std::string& text);

/// As load_dataset (dataset.h), with the pictures made to fit `form`: those of a folder each from its own size in one
/// step. Notes of the set say how many pictures were made smaller, larger, squashed, cropped or of another colour.
/// Throws as load_dataset, and ParameterError for an impossible form.
Dataset load_pictures(const std::string& name, Split split, const std::filesystem::path& data_dir, std::size_t limit,
                      const PictureForm& form);

}  // namespace obscura::image
