#include "cli/console.h"

#include <fmt/format.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/notes.h"

namespace fs = std::filesystem;

namespace obscura::cli {

void note(const std::string& text) {
  fmt::print(stderr, "obscura: note: {}\n", text);
}

Notes notes() {
  return Notes(note);
}

void print_json(const nlohmann::ordered_json& value) {
  fmt::print("{}\n", value.dump(2));
}

std::size_t size_of(const fs::path& file) {
  std::error_code ec;
  const auto size = fs::file_size(file, ec);
  return ec ? 0 : static_cast<std::size_t>(size);
}

}  // namespace obscura::cli
