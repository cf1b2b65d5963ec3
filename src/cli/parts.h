#pragma once

#include <filesystem>

#include "cli/tiers.h"

/// The files that the parts of the program are (cli/tiers.h).
namespace obscura::cli {

inline constexpr Tier kAllTiers[] = {Tier::files,  Tier::networks, Tier::learning,
                                     Tier::server, Tier::remote,   Tier::trusted};

/// What a part is called: "obscura-server".
const char* part_name(Tier tier);

/// Where a part lies: beside the one that runs, or where parts are installed. Empty: it is not here.
std::filesystem::path part_file(Tier tier);

}  // namespace obscura::cli
