#pragma once

#include <optional>
#include <vector>

#include "compile/names.h"
#include "nn/graph.h"
#include "program/magnitudes.h"
#include "program/merge.h"

namespace obscura::compile {

/// Images of numbers in [0, 1] where nothing better is known: noise, and soft blobs like strokes. Always the same.
std::vector<std::vector<double>> made_up_samples(const Shape& shape);

/// Runs the stages on `samples`: what the network sees of a picture each; made up from noise and blobs in the pixel
/// range where empty.
Magnitudes measure_magnitudes(const program::StagedNetwork& network, const std::vector<program::Parts>& samples);

/// The same of a network that sees pictures as one, which `samples` are.
Magnitudes measure_magnitudes(const std::vector<Stage>& stages, const std::vector<std::vector<double>>& samples);

/// As numbers that a network's file can carry (nn::Graph::calibration), and back; gains follow from the maps. Numbers
/// of another network, by their count, are nothing.
std::vector<double> to_numbers(const Magnitudes& magnitudes);
std::optional<Magnitudes> from_numbers(const program::StagedNetwork& network, const std::vector<double>& numbers);

/// What the network sees of each picture.
std::vector<program::Parts> parts_of(const nn::Graph& graph, const std::vector<std::vector<double>>& samples);

/// Measured on the samples (preprocessed), or as the file says, or measured on made-up images; of a network of chunks
/// with room for what blank places make, in maxima and means. `network`: of the graph.
Magnitudes magnitudes_of(const nn::Graph& graph, const program::StagedNetwork& network,
                         const std::vector<std::vector<double>>& samples);

}  // namespace obscura::compile
