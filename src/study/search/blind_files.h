#pragma once

#include <filesystem>

#include "study/search/search_files.h"

namespace obscura::study {

/// Where a gallery's program for mode blind lies in its folder, for who serves it.
inline constexpr const char* kBlindFolder = "blind";
inline constexpr const char* kBlindProgramFile = "server.program";

/// Compiles the network with the gallery's present version as its last layer (study/search/blind.h) and puts the
/// program there. Throws MismatchError where the network is not the gallery's, and as blind_source.
SearchFiles compile_blind(const std::filesystem::path& gallery, const std::filesystem::path& network);

}  // namespace obscura::study
