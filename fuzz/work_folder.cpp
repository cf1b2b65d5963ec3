#include "fuzz/work_folder.h"

#include <cstdlib>
#include <string>
#include <system_error>

#include "base/error.h"

namespace fs = std::filesystem;

namespace obscura::fuzz {

WorkFolder::WorkFolder() {
  std::error_code ec;
  const fs::path memory = "/dev/shm";
  std::string name =
      ((fs::is_directory(memory, ec) ? memory : fs::temp_directory_path()) / "obscura-fuzz-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw IoError("no folder for files can be made beside " + name);
  path_ = name;
}

WorkFolder::~WorkFolder() {
  std::error_code ec;
  fs::remove_all(path_, ec);
}

void WorkFolder::clear() const {
  for (const auto& entry : fs::directory_iterator(path_)) fs::remove_all(entry.path());
}

}  // namespace obscura::fuzz
