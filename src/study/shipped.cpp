#include "study/shipped.h"

#include <string>
#include <vector>

#include "base/error.h"

namespace fs = std::filesystem;

namespace obscura::study {
namespace {

constexpr const char* kNetwork = "models/tenseal-mnist.onnx";

/// The folder of the program and those above it (a build folder lies inside the source tree), then the working folder
/// and those above it.
std::vector<fs::path> project_folders() {
  std::error_code ec;
  std::vector<fs::path> folders;
  for (fs::path folder : {fs::read_symlink("/proc/self/exe", ec).parent_path(), fs::current_path(ec)}) {
    for (int up = 0; up < 5 && !folder.empty(); ++up) {
      folders.push_back(folder);
      if (folder == folder.root_path()) break;
      folder = folder.parent_path();
    }
  }
  return folders;
}

}  // namespace

fs::path shipped(const fs::path& name) {
  std::error_code ec;
  for (const fs::path& folder : project_folders()) {
    // As it stands in the project, and as it is installed.
    for (const fs::path& place : {folder / name, folder / "share/obscura" / name}) {
      if (fs::exists(place, ec)) return place;
    }
  }
  return {};
}

fs::path shipped_network(const fs::path& given) {
  if (!given.empty()) return given;
  const fs::path found = shipped(kNetwork);
  if (found.empty()) {
    throw IoError(std::string("cannot find ") + kNetwork +
                  " above the program or the working folder: run from the project's folder, or name a network by "
                  "--network");
  }
  return found;
}

}  // namespace obscura::study
