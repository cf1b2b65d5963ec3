#pragma once

// Internal to src/nn.
#include <map>
#include <string>
#include <vector>

#include "nn/graph.h"

namespace obscura::nn {

/// Preprocessing for a network of that input and that many outputs: what was stated by hand over what the metadata
/// says over what is usual. One output may have two classes. Where a file has no "classes", lists called as other
/// programs call them are taken ("names", "class_names", "id2label") if they fit. What a user should know goes to
/// `notes`. Throws FormatError for numbers that are none, counts that do not fit, and contradictions
/// (check_preprocessing); UsageError for those that were stated.
Preprocessing parse_preprocessing(const std::map<std::string, std::string>& metadata,
                                  const std::map<std::string, std::string>& stated, const Shape& input,
                                  std::size_t outputs, std::vector<std::string>& notes);

/// The numbers of 'calibration', none where it is missing. Throws FormatError for anything else.
std::vector<double> parse_calibration(const std::map<std::string, std::string>& metadata);

/// The same for a graph with its preprocessing: none where what was stated makes other numbers of pictures than those
/// that the ranges were measured on, and then graph.notes says so.
std::vector<double> calibration_of(const std::map<std::string, std::string>& metadata,
                                   const std::map<std::string, std::string>& stated, Graph& graph);

}  // namespace obscura::nn
