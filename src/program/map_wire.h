#pragma once

#include <cstddef>

#include "base/bytes.h"
#include "program/affine.h"

namespace obscura::program {

/// An affine map in few bytes. The rows of a convolution are a handful of patterns, each at many places: a pattern is
/// what a row has counted from its first column on, and its weights are counted off from a list of distinct ones.
///
///   map     := columns:u32 rows:u32 #weights:u32 f64... #patterns:u32 pattern... row... constant:f64...    one a row
///   pattern := count:u32 (column step:u32 weight step:u32)...    steps from the column before (the first: from the
///                                                                row's), and from the weight behind the last one
///   row     := pattern:u32 column:u32
///
/// Weights and patterns come in the order in which they are first used, and no two are the same: a map has one
/// encoding.
void put_map(ByteWriter& w, const AffineMap& map);

/// Throws FormatError (by the reader) for anything else, and for more than `most` entries in all rows.
AffineMap get_map(ByteReader& r, std::size_t most);

}  // namespace obscura::program
