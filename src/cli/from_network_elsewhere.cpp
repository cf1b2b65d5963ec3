// For the program that reads no networks: what needs one goes on in the one that does.
#include "cli/from_network.h"
#include "cli/tiers.h"

namespace obscura::cli {

message::ClientSpec client_of_network(const std::string& /*network*/, const compile::CompileOptions& /*options*/) {
  continue_in(Tier::networks);
}

std::vector<program::Program> programs_of_network(const std::string& /*network*/, std::size_t /*images_per_ciphertext*/,
                                                  const ckks::Digest& /*parameters*/, const std::string& /*keys*/) {
  continue_in(Tier::networks);
}

study::NetworkSummary summary_of_network(const std::filesystem::path& /*network*/) {
  continue_in(Tier::networks);
}

}  // namespace obscura::cli
