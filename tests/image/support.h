#pragma once

#include <unistd.h>
#include <zlib.h>

#include <cstdint>
#include <filesystem>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/temporary.h"

namespace obscura::image {

using Bytes = std::vector<std::uint8_t>;

inline Bytes gzip(const Bytes& bytes) {
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, 16 + 15, 8, Z_DEFAULT_STRATEGY);
  Bytes out(deflateBound(&stream, bytes.size()) + 64);
  stream.next_in = const_cast<Bytef*>(bytes.data());
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = out.data();
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

inline void append_big(Bytes& out, std::uint32_t v) {
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<std::uint8_t>(v >> shift));
}

/// An idx3 file of `there` images that claims `claimed` of them; pixel i is i modulo 251.
inline Bytes idx_images(std::uint32_t claimed, std::uint32_t there, std::uint32_t height, std::uint32_t width) {
  Bytes out = {0, 0, 8, 3};
  for (const std::uint32_t v : {claimed, height, width}) append_big(out, v);
  for (std::size_t i = 0; i < std::size_t{there} * height * width; ++i)
    out.push_back(static_cast<std::uint8_t>(i % 251));
  return out;
}

inline Bytes idx_labels(std::uint32_t claimed, const Bytes& labels) {
  Bytes out = {0, 0, 8, 1};
  append_big(out, claimed);
  out.insert(out.end(), labels.begin(), labels.end());
  return out;
}

/// One to four random injuries: a changed byte, a cut, bytes too many, or a stretch overwritten.
inline Bytes mutate(Bytes bytes, std::mt19937& random) {
  for (unsigned n = 1 + random() % 4; n > 0; --n) {
    if (bytes.empty()) return bytes;
    const std::size_t at = random() % bytes.size();
    switch (random() % 6) {
      case 0:
        bytes.resize(at);
        break;
      case 1:
        bytes.insert(bytes.end(), 1 + random() % 40, static_cast<std::uint8_t>(random()));
        break;
      case 2:
        for (std::size_t i = at; i < std::min(bytes.size(), at + 4); ++i) bytes[i] = 0xFF;
        break;
      default:
        bytes[at] = static_cast<std::uint8_t>(random());
    }
  }
  return bytes;
}

}  // namespace obscura::image
