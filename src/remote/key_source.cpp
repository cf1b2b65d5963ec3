#include "remote/key_source.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <system_error>

#include "base/error.h"
#include "remote/hash.h"

namespace obscura::remote {
namespace {

constexpr std::size_t kHashedAtOnce = std::size_t{1} << 18;

}  // namespace

KeySource keys_of_file(const std::filesystem::path& file) {
  std::error_code ec;
  const auto size = std::filesystem::file_size(file, ec);
  if (ec) throw IoError("cannot read " + file.string() + ": " + ec.message());
  const auto in = std::make_shared<std::ifstream>(file, std::ios::binary);
  if (!*in) throw IoError("cannot read " + file.string() + ": " + std::generic_category().message(errno));
  return {size, [in, file](std::uint64_t offset, std::span<std::uint8_t> to) {
            in->clear();
            in->seekg(static_cast<std::streamoff>(offset));
            in->read(reinterpret_cast<char*>(to.data()), static_cast<std::streamsize>(to.size()));
            if (static_cast<std::size_t>(in->gcount()) != to.size()) {
              throw IoError("cannot read " + file.string() + ": it has become shorter");
            }
          }};
}

KeySource keys_of(std::span<const std::uint8_t> bytes) {
  return {bytes.size(), [bytes](std::uint64_t offset, std::span<std::uint8_t> to) {
            std::ranges::copy(bytes.subspan(offset, to.size()), to.begin());
          }};
}

std::string hash_of_keys(const KeySource& keys, const std::stop_token& stop) {
  Hasher hasher;
  std::vector<std::uint8_t> piece(static_cast<std::size_t>(std::min<std::uint64_t>(keys.size, kHashedAtOnce)));
  for (std::uint64_t at = 0; at < keys.size; at += piece.size()) {
    if (stop.stop_requested()) throw CancelledError("the call was called off");
    piece.resize(static_cast<std::size_t>(std::min<std::uint64_t>(keys.size - at, kHashedAtOnce)));
    keys.read(at, piece);
    hasher.add(piece);
  }
  return hasher.digits();
}

}  // namespace obscura::remote
