#pragma once

#include <CLI/CLI.hpp>

namespace obscura::cli {

/// `search publish`, `owner-request`, `server-answer` and `owner-read`: a search as files between two processes.
void add_search_files(CLI::App& verb);

}  // namespace obscura::cli
