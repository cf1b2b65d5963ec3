#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

/// For this folder's .cpp files only.
namespace obscura::image {

enum class Container { png, jpeg, bmp, webp, pnm, tiff, gif };

/// "PNG" and so on.
const char* name_of(Container container);

/// The kind of picture that a file's first bytes say it is, whatever its name. Throws FormatError, naming the input by
/// `what`, for anything that is not read, with the name of what it is if that is known.
Container container_of(std::span<const std::uint8_t> bytes, const std::string& what);

/// True if the ending of the name is that of pictures, but not of pictures of this kind.
bool is_misnamed(const std::filesystem::path& path, Container container);

}  // namespace obscura::image
