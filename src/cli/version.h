#pragma once

#include <string>

namespace obscura::cli {

/// One line: version, build, kernels, BLAS.
std::string version_line();

/// Whether the arguments ask for the version and nothing else but `--json`.
bool wants_version_json(int argc, char** argv);

/// The same as an object, with the bill of materials: Debian's packages that the build was made from.
void print_version_json();

}  // namespace obscura::cli
