#pragma once

#include <filesystem>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "base/notes.h"
#include "nn/graph.h"

/// How pixels become a network's numbers: what is in force, and how a user states it.
namespace obscura::study {

/// As typed; empty: not stated.
struct StatedPreprocessing {
  std::string mean, std, range, colour, classes;
  std::string histogram;  ///< equalise or none
  std::string picture;    ///< "112x112", width x height: of a network of chunks
};

/// The entries for nn::read_onnx; --classes may be a file, which is read. Throws IoError if it cannot be.
std::map<std::string, std::string> stated_entries(const StatedPreprocessing& stated);

/// Notes what the file of a network leaves open: how pixels become numbers, and what its classes are called.
void note_unstated(const Preprocessing& how, const std::string& network, const Notes& note);

/// The command that says it of any network, also of one that does not compile.
inline constexpr const char* kStatesPixels =
    "obscura compile NETWORK --mean M --std S --input-range 0..1 --save READY.onnx --state-only states it";
/// How pixels become numbers alone; `remedy`: what a user can do.
void note_unstated_pixels(const Preprocessing& how, const std::string& network, const Notes& note,
                          const std::string& remedy = kStatesPixels);

/// {width, height, channels, colour, range, mean, std, stated}
nlohmann::ordered_json preprocessing_json(const Preprocessing& how, const Shape& input);

}  // namespace obscura::study
