#include "cli/chunk_options.h"

#include "cli/options.h"

namespace obscura::cli {

OptionTable<study::ChunkWishes> chunk_options() {
  using V = study::ChunkWishes;
  OptionTable<V> t;
  t.group(kRun);
  t.value("--size", &V::size,
          "Pixels a side of a chunk, or WIDTHxHEIGHT; narrower at the edges where it does not divide")
      .shows_default();
  t.value("--picture", &V::picture, "What pictures are resized to (112, 112x96), or as-is").shows_default();
  t.value("--score", &V::score, "Gradient of a chunk: mean or maximum of its pixels'")
      .check(CLI::IsMember({"mean", "maximum"}))
      .shows_default();
  t.flag("--no-equalise", &V::no_equalise, "Leave the histogram of pictures as it is");
  return t;
}

}  // namespace obscura::cli
