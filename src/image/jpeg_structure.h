#pragma once

#include <cstdint>
#include <vector>

#include "image/byte_view.h"

/// For this folder only.
namespace obscura::image {

/// What the markers of a JPEG file say.
struct JpegStructure {
  std::size_t height = 0;
  std::size_t width = 0;
  std::size_t components = 0;
  unsigned orientation = 1;
  std::vector<std::uint8_t> profile;  ///< ICC, empty if there is none
};

/// Walks a JPEG file from its first marker to its end mark (ITU-T T.81 annex B): everything but the meaning of its
/// entropy-coded data. Throws FormatError if it is not whole: without an end mark of its own (a thumbnail's does not
/// count), with a scan missing, or with zeros where a scan's data should be; and for sorts of JPEG that cannot be read
/// or whose damage could not be told (arithmetic coding).
JpegStructure read_jpeg_structure(const ByteView& file);

}  // namespace obscura::image
