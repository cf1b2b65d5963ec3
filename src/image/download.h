#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace obscura::image {

/// Throws UsageError for an address that is not https, where others could read along or send something else. A mirror
/// on this machine (file) will do as well.
void require_https(const std::string& url);

/// Downloads with the `curl` program to `path`, going on where an earlier try stopped. `max_bytes` bounds what is
/// accepted. curl draws its progress on standard error if that is a terminal. Redirections are followed to https only.
/// Throws UsageError as require_https does, IoError with curl's reason, or saying that curl is not installed.
void download(const std::string& url, const std::filesystem::path& path, std::uint64_t max_bytes);

}  // namespace obscura::image
