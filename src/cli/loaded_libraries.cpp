#include "cli/loaded_libraries.h"

#include <link.h>

#include <algorithm>
#include <filesystem>

namespace fs = std::filesystem;

namespace obscura::cli {

std::vector<std::string> loaded_libraries() {
  std::vector<std::string> names;
  const auto add = [](dl_phdr_info* info, std::size_t /*size*/, void* out) {
    std::error_code ec;
    const auto file = fs::canonical(info->dlpi_name, ec);
    // The program itself has no name here, and the kernel's page no file.
    if (!ec) static_cast<std::vector<std::string>*>(out)->push_back(file.filename().string());
    return 0;
  };
  ::dl_iterate_phdr(add, &names);
  std::ranges::sort(names);
  return names;
}

}  // namespace obscura::cli
