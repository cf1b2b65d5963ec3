#include "base/file.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <memory>
#include <system_error>

#include "base/error.h"
#include "base/file_stream.h"
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
  const ByteSource source = open_source(path);
  if (source.size > max_bytes) {
    throw IoError("cannot read " + path.string() + ": " + std::to_string(source.size) + " bytes, more than the " +
                  std::to_string(max_bytes) + " allowed");
  }
  std::vector<std::uint8_t> bytes(source.size);
  source.read(bytes);
  return bytes;
}

std::vector<std::uint8_t> read_start(const std::filesystem::path& path, std::size_t count) {
  const ByteSource source = open_source(path);
  std::vector<std::uint8_t> bytes(std::min(count, source.size));
  source.read(bytes);
  return bytes;
}

ByteSource open_source(const std::filesystem::path& path) {
  std::error_code ec;
  if (std::filesystem::is_directory(path, ec)) throw IoError("cannot read " + path.string() + ": it is a folder");
  const auto in = std::make_shared<std::ifstream>();
  in->rdbuf()->pubsetbuf(nullptr, 0);  // pieces are large: no copy on the way
  in->open(path, std::ios::binary);
  if (!*in) throw IoError("cannot read " + path.string() + ": " + std::generic_category().message(errno));
  const auto size = std::filesystem::file_size(path, ec);
  if (ec) throw IoError("cannot read " + path.string() + ": " + ec.message());
  const auto read = [in, path](std::span<std::uint8_t> to) {
    in->read(reinterpret_cast<char*>(to.data()), static_cast<std::streamsize>(to.size()));
    if (static_cast<std::size_t>(in->gcount()) != to.size()) {
      throw IoError("cannot read " + path.string() + ": it ended early");
    }
  };
  return {size, read};
}

ByteSource source_of(std::span<const std::uint8_t> bytes) {
  const auto read = [bytes](std::span<std::uint8_t> to) mutable {
    if (to.size() > bytes.size()) throw IoError("bytes ended early");
    std::copy_n(bytes.begin(), to.size(), to.begin());
    bytes = bytes.subspan(to.size());
  };
  return {bytes.size(), read};
}

void write_file(const std::filesystem::path& path, std::span<const std::uint8_t> bytes) {
  write_for(path, bytes, Access::everybody);
}

void write_file(const std::filesystem::path& path, std::string_view text) {
  write_file(path, {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

void write_pieces(const std::filesystem::path& path, const std::function<void(const ByteSink&)>& produce) {
  PendingFile file(path, Access::everybody);
  produce([&file](std::span<const std::uint8_t> bytes) { file.write(bytes); });
  file.commit();
}

void write_secret_file(const std::filesystem::path& path, std::span<const std::uint8_t> bytes) {
  write_for(path, bytes, Access::owner);
}

}  // namespace obscura
