#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include "report/document.h"

/// Pictures for the report of `reproduce er-cnn` and its like: the same images plain, protected and revealed.
namespace obscura::study {

/// Writes the first test images as DIR/00000.png and so on, resized to squares of `side` (0: as they are); `folder`
/// gets them all or is not there. Returns how many. Throws as load_dataset.
std::size_t write_test_images(const std::string& dataset, const std::filesystem::path& data, std::size_t limit,
                              std::size_t side, const std::filesystem::path& folder);

/// The first images of a folder side by side, twice as large. PNG images and .shield files are shown as a person sees
/// them; a picture that is no image in that sense is made as high as the others. Throws IoError, FormatError.
report::Picture strip_of(const std::string& title, const std::filesystem::path& folder);

}  // namespace obscura::study
