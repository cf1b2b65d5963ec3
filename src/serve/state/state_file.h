#pragma once

#include <filesystem>

#include "store/database.h"

namespace obscura::serve {

/// The folder of a service's state:
///
///   state.db        SQLite: tenants, tokens, records of keys, hints and jobs (tables below)
///   keys/TENANT/HASH        evaluation keys, named by the BLAKE2b-256 of their bytes; HASH.part while they arrive
///   hints/GALLERY-VERSION   hints of private fetching, made once a version
///   serve.lock      held by the one server that uses it
///
/// Files come before their rows and go after them, so that a row always has its file, wherever a program stops.
inline constexpr const char* kStateFile = "state.db";

/// Opens the database of the folder, and makes both where they are missing: of several that come at once one makes it.
/// Write-ahead logging with full synchronisation: what is committed survives a power cut. Throws as store::Database,
/// and IoError for a folder that cannot be made.
store::Database open_state(const std::filesystem::path& folder);

}  // namespace obscura::serve
