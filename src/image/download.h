#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace obscura::image {

/// Downloads with the `curl` program to `path`, going on where an earlier try stopped. `max_bytes` bounds what is
/// accepted. curl draws its progress on standard error if that is a terminal.
/// Throws IoError with curl's reason, or saying that curl is not installed.
void download(const std::string& url, const std::filesystem::path& path, std::uint64_t max_bytes);

}  // namespace obscura::image
