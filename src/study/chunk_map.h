#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/notes.h"
#include "image/image.h"
#include "image/picture_form.h"
#include "tensor/chunking.h"

/// What selective encryption would encrypt of a picture: its chunks whose gradients pass a threshold.
namespace obscura::study {

/// How pictures become chunks, as on the command line.
struct ChunkWishes {
  std::string size = "28";          ///< of a chunk
  std::string picture = "112x112";  ///< what pictures are resized to, or "as-is"
  std::string score = "mean";
  bool no_equalise = false;
};

/// The wanted form of pictures: grey, and a size unless they stay as they are. Throws UsageError.
image::PictureForm picture_form(const ChunkWishes& wishes);

/// How a picture of that size is cut. Throws UsageError for what is no size, ParameterError that says what is wrong
/// with one, as check_chunking.
Chunking chunking_of(const ChunkWishes& wishes, std::size_t height, std::size_t width);

struct ChunkMapRequest {
  std::filesystem::path picture;
  ChunkWishes wishes;
  std::optional<double> threshold;  ///< default: the paper's, kPaperThreshold
  bool auto_threshold = false;      ///< Otsu's over the scores of the picture, or of the data set's training pictures
  std::string dataset;              ///< empty: the picture's own scores
  std::filesystem::path data;
};

inline constexpr double kPaperThreshold = 100;

struct ChunkMap {
  std::string file;                   ///< name of the picture's
  std::size_t height = 0, width = 0;  ///< of the picture as it was read
  std::vector<std::string> notes;     ///< what was done to it
  image::Image picture;               ///< as it is cut: grey
  bool equalised = true;
  Chunking cut;
  ChunkScore score = ChunkScore::mean;
  std::vector<double> scores;  ///< gradients, of a chunk each
  double threshold = kPaperThreshold;
  std::string threshold_source;       ///< "given", "by Otsu over the 16 scores of the picture", ...
  std::vector<std::int32_t> indices;  ///< signed_indices (tensor/feature_chunks.h)
  std::size_t encrypted() const;
};

/// Throws what reading throws, and UsageError and ParameterError for wishes that cannot be.
ChunkMap map_chunks(const ChunkMapRequest& request, const Notes& note);

/// For a terminal: what was done, the signed indices and the scores as grids, how much is encrypted.
std::string chunk_map_text(const ChunkMap& map);

/// The object that docs/cli.md describes.
nlohmann::ordered_json chunk_map_json(const ChunkMap& map);

/// The picture, enlarged, with the borders of chunks; what would be encrypted is tinted and hatched.
image::Image draw_chunk_map(const ChunkMap& map);

}  // namespace obscura::study
