#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>

namespace obscura {

/// A file whose bytes are read when they are looked at, by the operating system, and shared between processes that map
/// it. What is written beside it and renamed over it (base/pending.h) changes nothing in what was mapped. Immutable.
class MappedFile {
 public:
  /// Throws IoError if it cannot be read.
  explicit MappedFile(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::span<const std::uint8_t> bytes() const { return {data_, size_}; }

 private:
  const std::uint8_t* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace obscura
