#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "nn/graph.h"

namespace obscura::cli {

/// Images of a data set, preprocessed for a network, to measure ranges on: the first of its training images, or of its
/// test images where it has no others. Throws IoError, FormatError as loading does.
std::vector<std::vector<double>> calibration_samples(const nn::Graph& graph, const std::string& dataset,
                                                     const std::filesystem::path& data, std::size_t count = 64);

}  // namespace obscura::cli
