#include "base/file.h"

#include <cerrno>
#include <cstring>
#include <fstream>

#include "base/error.h"
#include "base/pending.h"

namespace obscura {
namespace {

void write_for(const std::filesystem::path& path, std::span<const std::uint8_t> bytes, Access access) {
  PendingFile file(path, access);
  file.write(bytes);
  file.commit();
}

}  // namespace

std::vector<std::uint8_t> read_file(const std::filesystem::path& path, std::size_t max_bytes) {
  std::error_code ec;
  if (std::filesystem::is_directory(path, ec)) throw IoError("cannot read " + path.string() + ": it is a folder");
  std::ifstream in(path, std::ios::binary);
  if (!in) throw IoError("cannot read " + path.string() + ": " + std::strerror(errno));
  const auto size = std::filesystem::file_size(path, ec);
  if (ec) throw IoError("cannot read " + path.string() + ": " + ec.message());
  if (size > max_bytes) {
    throw IoError("cannot read " + path.string() + ": " + std::to_string(size) + " bytes, more than the " +
                  std::to_string(max_bytes) + " allowed");
  }
  std::vector<std::uint8_t> bytes(size);
  in.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(size));
  if (static_cast<std::uintmax_t>(in.gcount()) != size)
    throw IoError("cannot read " + path.string() + ": it ended early");
  return bytes;
}

void write_file(const std::filesystem::path& path, std::span<const std::uint8_t> bytes) {
  write_for(path, bytes, Access::everybody);
}

void write_file(const std::filesystem::path& path, std::string_view text) {
  write_file(path, {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

void write_secret_file(const std::filesystem::path& path, std::span<const std::uint8_t> bytes) {
  write_for(path, bytes, Access::owner);
}

}  // namespace obscura
