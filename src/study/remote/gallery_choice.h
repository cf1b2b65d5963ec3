#pragma once

#include <filesystem>
#include <string>

#include "remote/remote.h"
#include "search/messages.h"

namespace obscura::study {

/// The gallery of that name, or the only one. Throws UsageError with the names of those that there are.
remote::GalleryFacts choose_gallery(remote::Remote& remote, const std::string& wanted);

/// `given`, or the network that ships whose SHA-256 is the gallery's. Throws IoError where none is.
std::filesystem::path network_of_gallery(const std::filesystem::path& given, const search::GalleryForm& form);

}  // namespace obscura::study
