#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "weights/numbers.h"

namespace obscura::weights {

/// The files of a zip archive (APPNOTE 6.3, with zip64), stored or deflated, from bytes that nobody has checked: sizes
/// are those of the central directory, no two files share bytes, and inflating stops where the budget ends. Only for
/// weights_*.cpp. Not thread-safe; the bytes must outlive it.
class ZipArchive {
 public:
  /// Throws FormatError, with `what` in front.
  ZipArchive(std::span<const std::uint8_t> bytes, std::string what);

  std::size_t size() const { return bytes_.size(); }  ///< of the whole file
  std::vector<std::string> names() const;
  bool contains(std::string_view name) const { return entries_.contains(name); }
  /// Valid as long as the archive. Throws FormatError if there is no such file, or its data or checksum is wrong.
  std::span<const std::uint8_t> contents(std::string_view name);

 private:
  struct Entry {
    std::uint16_t method = 0;
    std::uint32_t crc = 0;
    std::uint64_t packed = 0;
    std::uint64_t size = 0;
    std::uint64_t header = 0;
    std::uint64_t data = 0;
    bool checked = false;
    std::vector<std::uint8_t> inflated;
  };

  void read_directory();
  void read_entry(ByteReader& in);
  void find_data(const std::string& name, Entry& entry) const;
  void check_overlaps() const;
  void inflate_entry(Entry& entry, const std::string& name);
  [[noreturn]] void fail(const std::string& problem) const;

  std::span<const std::uint8_t> bytes_;
  std::string what_;
  Budget budget_;
  std::uint64_t directory_ = 0;  ///< where it begins: data must end before
  std::map<std::string, Entry, std::less<>> entries_;
};

}  // namespace obscura::weights
