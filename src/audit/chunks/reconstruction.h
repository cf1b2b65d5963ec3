#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "audit/chunks/server_view.h"
#include "base/parallel.h"
#include "image/image.h"

/// What an attacker draws of encrypted chunks from the plain ones beside them.
namespace obscura::audit {

/// The picture with its missing chunks continued from what is known around them (harmonic_fill).
image::Image inpainted(const Chunking& cut, const ServerView& view);

/// The same with the mean of all known pixels in their place, or 128 where none is: what needs no neighbours.
image::Image mean_filled(const Chunking& cut, const ServerView& view);

/// How near chunks that are not in the view are to the originals.
struct ChunkQuality {
  std::size_t chunks = 0;  ///< that were drawn
  double psnr = 0;         ///< dB, of the squared error of all their pixels together
  double ssim = 0;         ///< mean over chunks
};

struct Reconstruction {
  ChunkQuality inpainted, null;  ///< null: mean_filled
};

/// Of all pictures; chunks that are in the views are not counted.
Reconstruction reconstruct(const Chunking& cut, std::span<const ServerView> views,
                           std::span<const image::Image> originals, ThreadPool& pool);

}  // namespace obscura::audit
