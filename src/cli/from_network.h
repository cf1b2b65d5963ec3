#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "base/notes.h"
#include "ckks/wire.h"
#include "compile/compile.h"
#include "study/inspection.h"

/// What verbs do with a network's file where others give them a compiled program. In the part of the program that reads
/// no networks each of these goes on in the one that does (cli/tiers.h).
namespace obscura::cli {

/// Keys for who is both sides at once: the network is compiled here. Notes what its file leaves open.
message::ClientSpec client_of_network(const std::string& network, const compile::CompileOptions& options);

/// The programs of a network that keys of these parameters can be for: packed, batched, or both. Throws MismatchError
/// that names `keys` if there is none.
std::vector<program::Program> programs_of_network(const std::string& network, std::size_t images_per_ciphertext,
                                                  const ckks::Digest& parameters, const std::string& keys);

/// A network for `inspect`.
study::NetworkSummary summary_of_network(const std::filesystem::path& network);

}  // namespace obscura::cli
