#pragma once

namespace CLI {
class App;
}

namespace obscura::cli {

/// `obscura keygen passphrase KEY`: another passphrase for keys that there are.
void add_keygen_passphrase(CLI::App& keygen);

}  // namespace obscura::cli
