#include "cli/version.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string_view>

#include "base/materials.h"
#include "base/version.h"
#include "cli/console.h"
#include "ring/isa.h"
#include "study/blas_name.h"

namespace obscura::cli {

std::string version_line() {
  const std::string blas = study::blas_name();
  return fmt::format("obscura {} ({}, {}), kernels {}{}", kVersion, kBuildType, kCompiler,
                     ring::isa_name(ring::selected_isa()), blas == "none" ? "" : ", BLAS " + blas);
}

bool wants_version_json(int argc, char** argv) {
  if (argc != 3) return false;
  const std::string_view first = argv[1], second = argv[2];
  return (first == "--version" && second == "--json") || (first == "--json" && second == "--version");
}

void print_version_json() {
  auto packages = nlohmann::ordered_json::array();
  for (const Material* m = kMaterials; m->name != nullptr; ++m) {
    packages.push_back({{"name", m->name}, {"version", m->version}});
  }
  print_json({{"name", "obscura"},
              {"version", kVersion},
              {"build", kBuildType},
              {"compiler", kCompiler},
              {"isa", ring::isa_name(ring::selected_isa())},
              {"blas", study::blas_name()},
              {"packages", packages}});
}

}  // namespace obscura::cli
