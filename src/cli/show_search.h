#pragma once

#include <cstddef>
#include <filesystem>
#include <vector>

#include "study/search/search.h"

/// What a search has found, for people: printed, and as pictures in a folder.
namespace obscura::cli {

/// Makes the folder, if there is to be one, and sees that the sheet and `top` pictures can be written (cli/output.h).
void check_found(const std::filesystem::path& folder, std::size_t top, const std::vector<std::filesystem::path>& inputs,
                 bool force);

/// sheet.png, and each picture. Nothing where `folder` is empty.
void write_found(const std::filesystem::path& folder, const study::SearchResult& result);

void show_search(const study::SearchResult& result, const std::filesystem::path& folder);

}  // namespace obscura::cli
