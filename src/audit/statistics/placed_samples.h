#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "audit/algebra/signed_permutation.h"
#include "image/dataset.h"
#include "shield/blocks.h"

/// Internal to src/audit.
namespace obscura::audit {

/// Blocks of pictures as small whole numbers: values[((picture * places + place) * size) + i].
struct PlacedSamples {
  std::size_t count = 0;
  std::size_t rows = 0;
  std::size_t columns = 0;
  std::size_t size = 0;  ///< numbers in a block
  std::vector<std::uint8_t> values;

  std::size_t places() const { return rows * columns; }
  std::uint8_t* block(std::size_t picture, std::size_t place) { return &values[(picture * places() + place) * size]; }
  const std::uint8_t* block(std::size_t picture, std::size_t place) const {
    return &values[(picture * places() + place) * size];
  }
};

/// What blocks are read as. Samples: bytes in order of row, column and channel.
/// Halves: the lower four bits of all those, then the upper four.
enum class Unit { samples, halves };

/// Throws MismatchError unless all pictures have the shape of the first, with
/// so many channels (1 or 3) and sides that are multiples of `side`.
PlacedSamples read_blocks(std::span<const image::Image> pictures, std::size_t side, Unit unit,
                          std::size_t channels = 3);
/// The same of the first `count` images of a set, padded.
PlacedSamples read_blocks(const image::Dataset& set, std::size_t count, std::size_t side, Unit unit);
/// The inverse of read_blocks for one picture: `block(place)` points to the numbers of a block.
image::Image write_blocks(const PlacedSamples& blocks, std::size_t picture, std::size_t side, Unit unit,
                          std::size_t channels = 3);

/// The numbers of one block of halves as they are once the key is undone.
void undo_half_bytes(const SignedPermutation& key, const std::uint8_t* from, std::uint8_t* to);
/// The same of all blocks.
PlacedSamples with_half_bytes_in_order(const PlacedSamples& hidden, const SignedPermutation& key);

/// A function of a number that statistics are taken of. An odd one becomes its negative when the number is turned
/// around (v becomes the greatest value less v), an even one stays.
struct Feature {
  std::vector<float> table;
  bool odd = true;
};

/// Of half-bytes: the value; and sine and cosine of it as an angle, because the
/// lower half goes round and round while a sample rises.
std::vector<Feature> half_byte_features();
/// Of bytes: the value.
std::vector<Feature> byte_features();

/// One row a picture: the feature of the numbers at one place.
MatrixF feature_rows(const PlacedSamples& samples, std::size_t place, const Feature& feature);

}  // namespace obscura::audit
