#include "program/compressed.h"

#include <zstd.h>

#include <algorithm>
#include <string>

#include "base/bytes.h"

namespace obscura::program {
namespace {

/// Decompresses at the speed of any other level.
constexpr int kLevel = 9;
/// Beyond what repeated matrices reach; a file of nothing but zeros would pass it.
constexpr std::size_t kMostGain = 4096, kAlwaysAllowed = std::size_t{1} << 20;

}  // namespace

std::vector<std::uint8_t> compress(std::span<const std::uint8_t> bytes) {
  ByteWriter w;
  w.u64(bytes.size());
  auto out = w.take();
  const std::size_t head = out.size();
  out.resize(head + ZSTD_compressBound(bytes.size()));
  const std::size_t size = ZSTD_compress(out.data() + head, out.size() - head, bytes.data(), bytes.size(), kLevel);
  if (ZSTD_isError(size) != 0) throw Error(std::string("compression failed: ") + ZSTD_getErrorName(size));
  out.resize(head + size);
  return out;
}

std::vector<std::uint8_t> decompress(std::span<const std::uint8_t> bytes, std::size_t most, std::string_view what) {
  ByteReader r(bytes, std::string(what));
  const std::uint64_t size = r.u64();
  const auto frame = r.raw(r.left());
  if (size > most || size > kAlwaysAllowed + kMostGain * frame.size()) r.fail("claims to be too large");
  if (ZSTD_findFrameCompressedSize(frame.data(), frame.size()) != frame.size()) r.fail("is not one compressed frame");
  std::vector<std::uint8_t> out(size);
  const std::size_t got = ZSTD_decompress(out.data(), out.size(), frame.data(), frame.size());
  if (ZSTD_isError(got) != 0 || got != size) r.fail("is not compressed as it says");
  return out;
}

}  // namespace obscura::program
