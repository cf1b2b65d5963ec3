#pragma once

// Internal to src/nn.
#include <map>
#include <string>
#include <vector>

#include "nn/graph.h"

namespace obscura::nn {

/// Preprocessing for a network of that input and that many outputs: what the metadata says over what is usual.
/// Throws FormatError for numbers that are none, a std of zero, or counts that do not fit.
Preprocessing parse_preprocessing(const std::map<std::string, std::string>& metadata, const Shape& input,
                                  std::size_t outputs);

/// The numbers of 'calibration', none where it is missing. Throws FormatError for anything else.
std::vector<double> parse_calibration(const std::map<std::string, std::string>& metadata);

}  // namespace obscura::nn
