// The part of the program that an owner and a server use: it reads no networks and loads no library that does.
#include <CLI/CLI.hpp>

#include "cli/from_network.h"
#include "cli/tiers.h"
#include "cli/verbs.h"

namespace obscura::cli {

void add_verbs(CLI::App& app) {
  add_elsewhere(app, "demo", Tier::networks);
  add_elsewhere(app, "compile", Tier::networks);
  add_keygen_verb(app);
  add_encrypt_verb(app);
  add_classify_verb(app);
  add_decrypt_verb(app);
  add_inspect_verb(app);
  add_elsewhere(app, "evaluate", Tier::networks);
  add_elsewhere(app, "data", Tier::networks);
  add_elsewhere(app, "train", Tier::learning);
  add_elsewhere(app, "protect", Tier::networks);
  add_elsewhere(app, "reveal", Tier::networks);
  add_elsewhere(app, "audit", Tier::learning);
  add_elsewhere(app, "reproduce", Tier::learning);
  add_elsewhere(app, "bench", Tier::networks);
}

message::ClientSpec client_of_network(const std::string& /*network*/, const compile::CompileOptions& /*options*/) {
  continue_in(Tier::networks);
}

std::vector<program::Program> programs_of_network(const std::string& /*network*/, std::size_t /*images_per_ciphertext*/,
                                                  const ckks::Digest& /*parameters*/, const std::string& /*keys*/) {
  continue_in(Tier::networks);
}

NetworkSummary summary_of_network(const std::filesystem::path& /*network*/) {
  continue_in(Tier::networks);
}

}  // namespace obscura::cli
