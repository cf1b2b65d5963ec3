#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/parallel.h"
#include "search/gallery.h"
#include "search/score_table.h"

namespace obscura::search {

/// What became of the file of a gallery's encoded vectors.
struct ScoreFileUse {
  std::size_t mapped = 0;   ///< blocks that were taken from it
  std::size_t encoded = 0;  ///< that were encoded: all, or those that have changed, or were damaged
  bool written = false;
  std::vector<std::string> notes;  ///< for people: damaged blocks, a folder that cannot be written to
};

/// The encoded vectors of a gallery, from the file gallery.scores in its folder, which is mapped, not read. It follows
/// from gallery.db: where it is missing or of something else it is made, where the gallery has changed since, only the
/// blocks that have, and a block whose checksum is wrong is encoded again, and said. It is written beside and renamed,
/// so that who has mapped the old one keeps it.
///
///   file     := header checksum:32 (block, at a multiple of 4096)...
///   header   := "OBSCORES" format:u32 id:text version:u64 kind:u8 dimension:u32 rows:u64 word_bytes:u8 digest:32
///               block_bytes:u64 #blocks:u32 checksum:32...             checksums are BLAKE2b-256; format is 1
///   digest   := of the plan's parameters (ckks/digest.h)
///
/// `vectors`: of this version of the gallery. Throws as ScoreTable.
ScoreTable load_scores(Gallery& gallery, const std::filesystem::path& folder, const Gallery::Vectors& vectors,
                       ThreadPool& pool, ScoreFileUse* use = nullptr);

/// The file in the folder.
std::filesystem::path score_file(const std::filesystem::path& folder);

}  // namespace obscura::search
