#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/notes.h"
#include "image/dataset.h"
#include "image/image.h"
#include "nn/graph.h"
#include "study/images/picture_fit.h"

namespace obscura::study {

/// An image file as a network takes it, and what was done to it for that.
struct QueryImage {
  std::string file;
  std::vector<std::string> notes;
  std::vector<float> values;  ///< channels x height x width, preprocessed
  bool squashed = false;      ///< its proportions changed
  std::string warning = {};   ///< why an answer is doubtful whatever it says; empty: nothing is known
};

/// A picture to ask with: a file, or pixels in memory, for which `file` is a name for people.
struct QueryPicture {
  std::filesystem::path file;
  std::optional<image::Image> pixels = {};

  /// Throws as image::read_with_notes, ParameterError for pixels that are none.
  image::ReadImage read() const;
};

/// The files of a query: those named, and for a folder the image files in it in order of names, without hidden ones.
/// Says in a note what of a folder is left out, and which file is there twice. Throws IoError for what is not there or
/// cannot be read, and for a folder without images.
std::vector<std::filesystem::path> query_files(const std::vector<std::filesystem::path>& named, const Notes& note);

/// Reads, resizes and converts where that is needed, and preprocesses. Throws IoError and FormatError that name the
/// file, UnsupportedError for a network whose input is no image.
QueryImage read_query_image(const std::filesystem::path& file, const Shape& input, const Preprocessing& preprocessing,
                            const PictureFit& options = {});

QueryImage read_query_image(const QueryPicture& picture, const Shape& input, const Preprocessing& preprocessing,
                            const PictureFit& options = {});

/// The same for all, with the notes of all, each said once.
std::vector<QueryImage> read_query_images(const std::vector<std::filesystem::path>& files, const Shape& input,
                                          const Preprocessing& preprocessing, const PictureFit& options,
                                          const Notes& note);

/// Image i of a data set as a network takes it: made to fit where it is of another shape, and preprocessed.
std::vector<float> network_values(const image::Dataset& set, std::size_t i, const nn::Graph& graph,
                                  const PictureFit& options = {});

/// Dark strokes on a bright ground, for a network that learned from light ones on a dark ground, as far as the mean of
/// what it learned from or its classes (the ten digits) tell. `image` as the network takes it.
bool looks_inverted(const image::Image& image, const Shape& input, const Preprocessing& preprocessing);

/// One note if most of a data set's images look inverted, and one if its images are squashed and nobody asked for it.
void note_set(const image::Dataset& set, const Shape& input, const Preprocessing& preprocessing,
              const PictureFit& options, const Notes& note);

}  // namespace obscura::study
