#pragma once

#include <fmt/format.h>

#include <string>
#include <vector>

#include "report/document.h"
#include "report/text.h"

namespace obscura::report {

/// The networks of a report: a title, what they are, their file and the command that trained them; what is missing of
/// one is a note. `Network` has title, summary, file, trained, digest, command and problem.
template <typename Network>
Table network_table(const std::vector<Network>& networks) {
  Table table{"Networks", {"Network", "Layers", "File", "SHA-256", "Trained by"}, "lllll", {}, {}};
  for (const auto& network : networks) {
    const std::string file = network.file.substr(network.file.find_last_of('/') + 1);
    table.rows.push_back({network.title, network.summary,
                          file.empty() ? kNothing : file + (network.trained ? " (trained for this report)" : ""),
                          network.digest.substr(0, 16), network.command.empty() ? kNothing : network.command});
    if (!network.problem.empty()) table.notes.push_back(fmt::format("{}: {}", network.title, network.problem));
  }
  return table;
}

}  // namespace obscura::report
