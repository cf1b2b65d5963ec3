#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace obscura::image {

/// Reads a tar archive (POSIX ustar), gzipped or not, from input that nobody has checked. For every regular file it
/// asks `wanted(name)` with the last part of the name, so that no path of the archive is ever used, and hands the
/// contents of those to `store`. Throws FormatError naming the archive by `what` if it is damaged, or if a wanted file
/// is larger than `max_bytes`.
void read_tar(std::span<const std::uint8_t> bytes, const std::string& what, std::size_t max_bytes,
              const std::function<bool(const std::string&)>& wanted,
              const std::function<void(const std::string&, std::vector<std::uint8_t>)>& store);

}  // namespace obscura::image
