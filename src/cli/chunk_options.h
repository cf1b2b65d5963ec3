#pragma once

#include "cli/option_table.h"
#include "study/chunk_map.h"

namespace obscura::cli {

/// --size, --picture, --score and --no-equalise: how pictures become chunks.
OptionTable<study::ChunkWishes> chunk_options();

}  // namespace obscura::cli
