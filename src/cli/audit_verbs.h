#pragma once

namespace CLI {
class App;
}

/// The verbs of `obscura audit` but the first, a file each.
namespace obscura::cli {

void add_audit_chunks(CLI::App& audit);

}  // namespace obscura::cli
