#pragma once

#include <cstddef>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "base/notes.h"

/// What verbs print.
namespace obscura::cli {

/// One line on standard error: "obscura: note: ...".
void note(const std::string& text);

/// The same, for what says notes without knowing of a console.
Notes notes();

/// On standard output.
void print_json(const nlohmann::ordered_json& value);

/// The size of a file, 0 where there is none.
std::size_t size_of(const std::filesystem::path& file);

}  // namespace obscura::cli
