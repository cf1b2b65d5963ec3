#pragma once

#include <string>

#include "cli/tiers.h"

namespace obscura::cli {

/// One line: version, build, kernels, BLAS.
std::string version_line();

/// Whether the arguments ask for the version as JSON. Throws UsageError where anything else stands beside `--version`.
bool wants_version_json(int argc, char** argv);

/// Everything that a report of a fault should name, as an object (docs/cli.md): this part of the program, its build,
/// what is built in and what of it is installed, kernels, libraries, wire format, security table, and the bill of
/// materials: Debian's packages that the build was made from.
void print_version_json(Tier part);

}  // namespace obscura::cli
