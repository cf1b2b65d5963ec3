// For builds without libtiff, as the demo's is.
#include "base/error.h"
#include "image/raster.h"

namespace obscura::image {

Raster decode_tiff(const ByteView& file) {
  file.unsupported("this build of Obscura reads no TIFF; save it as PNG, or build with -DOBSCURA_TIFF=ON");
}

}  // namespace obscura::image
