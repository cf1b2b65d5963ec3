#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace obscura::image {

/// Reads a file's contents in order, gunzipping on the way if it is gzip. The input is not trusted: memory grows with
/// the bytes that really come, never with what a header claims. Not thread-safe; `bytes` must outlive it.
class InflateReader {
 public:
  /// `what` names the input in error messages (a file name).
  InflateReader(std::span<const std::uint8_t> bytes, std::string what);
  ~InflateReader();
  InflateReader(InflateReader&&) noexcept;
  InflateReader& operator=(InflateReader&&) noexcept;

  /// The next n bytes. Throws FormatError if there are fewer, or the compressed data or its checksum is wrong.
  std::vector<std::uint8_t> read(std::size_t n);

  /// The next bytes, at most n; fewer only at the end.
  std::vector<std::uint8_t> read_up_to(std::size_t n);

  /// Throws FormatError if anything is left.
  void finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace obscura::image
