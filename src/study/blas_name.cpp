#include "study/blas_name.h"

#include <dlfcn.h>

#include <filesystem>

namespace obscura::study {

std::string blas_name() {
  void* const product = ::dlsym(RTLD_DEFAULT, "sgemm_");
  Dl_info info{};
  if (product == nullptr || ::dladdr(product, &info) == 0 || info.dli_fname == nullptr) return "none";
  std::error_code ec;
  // Debian chooses by symbolic links: the real file tells which library it is.
  const auto file = std::filesystem::canonical(info.dli_fname, ec);
  if (ec) return info.dli_fname;
  return (file.parent_path().filename() / file.filename()).string();
}

}  // namespace obscura::study
