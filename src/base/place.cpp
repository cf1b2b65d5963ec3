#include "base/place.h"

#include "base/error.h"

namespace fs = std::filesystem;

namespace obscura {

void check_place(const fs::path& file) {
  const auto refuse = [&](const char* why) { throw IoError("cannot write " + file.string() + ": " + why); };
  std::error_code ec;
  const auto folder = file.has_parent_path() ? file.parent_path() : fs::path(".");
  if (!fs::is_directory(folder, ec)) refuse("no such folder");
  if (!file.has_filename() || fs::is_directory(file, ec)) refuse("it is a folder");
}

}  // namespace obscura
