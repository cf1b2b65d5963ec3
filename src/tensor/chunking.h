#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "tensor/preprocessing.h"
#include "tensor/shape.h"

namespace obscura {

/// How a picture is cut into chunks of one size: rows of them from the top, each from the left. Where the size does not
/// divide the picture, the last row and column are narrower; as a network's input they are filled up by repeating the
/// picture's own last row and column. A regular type.
struct Chunking {
  Shape picture;           ///< C x H x W
  std::size_t height = 1;  ///< of a chunk, at most the picture's
  std::size_t width = 1;
  /// A network that looks at so many chunks only, those with the largest gradients (see chosen_chunks); 0: at all.
  std::size_t kept = 0;

  std::size_t rows() const { return (picture.height + height - 1) / height; }
  std::size_t columns() const { return (picture.width + width - 1) / width; }
  std::size_t count() const { return rows() * columns(); }           ///< chunks of a picture
  std::size_t used() const { return kept == 0 ? count() : kept; }    ///< chunks that a network looks at
  Shape chunk() const { return {picture.channels, height, width}; }  ///< as a network takes it
  bool divides() const { return picture.height % height == 0 && picture.width % width == 0; }
  friend bool operator==(const Chunking&, const Chunking&) = default;
};

/// Most chunks of a picture, and most pixels of one: bounds of what files may state.
inline constexpr std::size_t kMaxChunks = std::size_t{1} << 16;

/// Throws ParameterError that says what is wrong: an empty chunk, one larger than the picture, too many of them, or
/// more kept than there are.
void check_chunking(const Chunking& cut);

/// Where chunk k lies in the picture, in pixels: narrower than the rest at the right and lower edge, where need be.
struct ChunkPlace {
  std::size_t y = 0, x = 0, height = 0, width = 0;
};
ChunkPlace place_of(const Chunking& cut, std::size_t k);

/// Chunk k of a planar picture, filled up to cut.chunk(). Throws MismatchError for a picture of another size.
std::vector<float> cut_chunk(const Chunking& cut, std::span<const float> picture, std::size_t k);

/// Writes a chunk to its place in the picture; what it was filled up with is dropped. The inverse of cut_chunk.
void put_chunk(const Chunking& cut, std::span<const float> chunk, std::size_t k, std::span<float> picture);

/// The score of a chunk by the gradients of its pixels. The chunked-CNN paper says "the segment's gradient value" and
/// not which: the mean is the default, because the maximum passes the paper's threshold of 100 almost everywhere (one
/// grain of noise is enough), and would encrypt nearly every chunk of its own data set.
enum class ChunkScore { mean, maximum };

/// "mean", "maximum"; the inverse throws UsageError.
std::string to_string(ChunkScore score);
ChunkScore parse_chunk_score(const std::string& text);

/// The largest gradient of pixels from 0 to 255: thresholds above it select nothing.
inline constexpr double kMaxGradient = 1443;  // 255 * 4 * sqrt(2), rounded up

/// sqrt(Gx^2 + Gy^2) by the 3x3 Sobel operator of every pixel of one plane, which is mirrored at its edges without
/// repeating them, as OpenCV's Sobel does. In the units of the plane: pixels of 0 to 255 give 0 to 1442.5.
std::vector<double> sobel_magnitude(std::span<const double> plane, std::size_t height, std::size_t width);

/// The score of every chunk of a planar picture of pixels from 0 to 255; several channels are one plane by luma (ITU-R
/// BT.601) where there are three, else their mean.
std::vector<double> chunk_scores(const Chunking& cut, std::span<const float> pixels, ChunkScore score);

/// Pixels from 0 to 255 of what preprocess() made: the numbers that chunk_scores takes. In rgb order.
std::vector<float> pixels_of(std::span<const float> values, const Preprocessing& how);

/// Chunks that a network with this cut looks at, of a preprocessed picture, in ascending order: all, or the `kept` of
/// the largest mean gradient (of equal ones, the first).
std::vector<std::size_t> chosen_chunks(const Chunking& cut, std::span<const float> picture, const Preprocessing& how);

/// "16 chunks of 28x28 (4 rows of 4)", and what is said of edges. Sides are width x height.
std::string chunking_text(const Chunking& cut);

/// "28x26": width x height, or one number for both. Throws UsageError that names `option`.
struct ChunkSize {
  std::size_t height = 0, width = 0;
};
ChunkSize parse_chunk_size(const std::string& text, const std::string& option);

}  // namespace obscura
