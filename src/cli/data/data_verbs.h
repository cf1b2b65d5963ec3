#pragma once

namespace CLI {
class App;
}

/// The verbs below `obscura data`.
namespace obscura::cli {

inline constexpr const char* kSets = "mnist, fashion-mnist, kmnist, cifar-10 or neu-cls";
inline constexpr const char* kDataHelp =
    "Folder that holds the data sets (default: $OBSCURA_DATA, else the cache where fetch puts them)";

void add_show(CLI::App& data);
void add_fetch(CLI::App& data);
void add_check(CLI::App& data);
void add_draw(CLI::App& data);

}  // namespace obscura::cli
