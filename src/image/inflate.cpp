#include "image/inflate.h"

#include <zlib.h>

#include <algorithm>

#include "base/error.h"

namespace obscura::image {
namespace {

constexpr std::size_t kStep = std::size_t{1} << 20;

}  // namespace

struct InflateReader::State {
  State(std::span<const std::uint8_t> bytes, std::string what) : left(bytes), name(std::move(what)) {
    gzip = bytes.size() >= 2 && bytes[0] == 0x1f && bytes[1] == 0x8b;
    // 16 + 15: a gzip header and the largest window.
    if (gzip && inflateInit2(&stream, 16 + 15) != Z_OK) throw Error("zlib could not start");
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    if (gzip) inflateEnd(&stream);
  }

  std::size_t plain(std::uint8_t* out, std::size_t n) {
    n = std::min(n, left.size());
    std::copy_n(left.data(), n, out);
    left = left.subspan(n);
    return n;
  }

  /// Fills out as far as the data goes.
  std::size_t inflate_some(std::uint8_t* out, std::size_t n) {
    stream.next_out = out;
    stream.avail_out = static_cast<uInt>(n);
    while (!ended && stream.avail_out > 0) {
      const auto chunk = static_cast<uInt>(std::min(left.size(), kStep));
      stream.next_in = const_cast<Bytef*>(left.data());
      stream.avail_in = chunk;
      const int rc = inflate(&stream, Z_NO_FLUSH);
      left = left.subspan(chunk - stream.avail_in);
      if (rc == Z_STREAM_END) {
        ended = true;
      } else if (rc != Z_OK) {
        throw FormatError(name + (left.empty() ? " is truncated" : " is damaged: its gzip data is wrong"));
      }
    }
    return n - stream.avail_out;
  }

  std::span<const std::uint8_t> left;
  std::string name;
  z_stream stream{};
  bool gzip = false;
  bool ended = false;
};

InflateReader::InflateReader(std::span<const std::uint8_t> bytes, std::string what)
    : state_(std::make_unique<State>(bytes, std::move(what))) {}
InflateReader::~InflateReader() = default;
InflateReader::InflateReader(InflateReader&&) noexcept = default;
InflateReader& InflateReader::operator=(InflateReader&&) noexcept = default;

std::vector<std::uint8_t> InflateReader::read_up_to(std::size_t n) {
  std::vector<std::uint8_t> out;
  while (out.size() < n) {
    const std::size_t at = out.size();
    const std::size_t step = std::min(n - at, kStep);
    out.resize(at + step);
    const std::size_t got =
        state_->gzip ? state_->inflate_some(out.data() + at, step) : state_->plain(out.data() + at, step);
    out.resize(at + got);
    if (got < step) break;
  }
  return out;
}

std::vector<std::uint8_t> InflateReader::read(std::size_t n) {
  std::vector<std::uint8_t> out = read_up_to(n);
  if (out.size() < n) {
    throw FormatError(state_->name + " is truncated: " + std::to_string(n) + " bytes expected, " +
                      std::to_string(out.size()) + " there");
  }
  return out;
}

void InflateReader::finish() {
  if (!read_up_to(1).empty() || !state_->left.empty()) throw FormatError(state_->name + " has bytes too many");
}

}  // namespace obscura::image
