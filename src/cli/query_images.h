#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "image/dataset.h"
#include "nn/graph.h"

namespace obscura::cli {

/// An image file as a network takes it, and what was done to it for that.
struct QueryImage {
  std::string file;
  std::vector<std::string> notes;
  std::vector<float> values;  ///< channels x height x width, preprocessed
};

/// Reads, resizes and converts where that is needed, and preprocesses. Throws IoError and FormatError that name the
/// file, UnsupportedError for a network whose input is no image.
QueryImage read_query_image(const std::filesystem::path& file, const nn::Shape& input,
                            const nn::Preprocessing& preprocessing);

/// Image i of a data set as a network takes it: made to fit where it is of another shape, and preprocessed.
std::vector<float> network_values(const image::Dataset& set, std::size_t i, const nn::Graph& graph);

}  // namespace obscura::cli
