#pragma once

// Internal to src/nn.
#include <optional>
#include <string>

#include "tensor/chunking.h"

namespace obscura::nn {

/// Keys of a file's metadata: how pictures are cut, and "equalise" where their histograms are first.
inline constexpr const char* kChunksKey = "chunks";
inline constexpr const char* kHistogramKey = "histogram";

/// "28x28 of 112x112", width x height, and " kept 8" where not all chunks are looked at.
std::string chunks_metadata(const Chunking& cut);

/// The inverse, for a network whose input is `chunk`; "of 112x112" alone is in chunks of its size. Throws FormatError
/// for anything else.
Chunking parse_chunks(const std::string& text, const Shape& chunk);

/// "equalise" or "none"; throws FormatError for anything else.
bool parse_histogram(const std::string& text);

}  // namespace obscura::nn
