// For the program that has no LibTorch: what was learned is read in the one that has.
#include <CLI/CLI.hpp>

#include "cli/audit/audit_verbs.h"
#include "cli/learned.h"
#include "cli/tiers.h"
#include "cli/verbs.h"

namespace obscura::cli {

void add_audit_attack(CLI::App& audit) {
  add_elsewhere(*audit.add_subcommand("attack", kAuditAttack), Tier::learning);
}

void add_audit_chunks(CLI::App& audit) {
  add_elsewhere(*audit.add_subcommand("chunks", kAuditChunks), Tier::learning);
}

void evaluate_pictures(const study::PictureEvaluation& /*evaluation*/, const Printing& /*printing*/) {
  continue_in(Tier::learning);
}

void protect_model(const std::filesystem::path& /*model*/, const study::KeyOptions& /*key*/,
                   const std::filesystem::path& /*data*/, const Printing& /*printing*/) {
  continue_in(Tier::learning);
}

void reveal_learned(const RevealArguments& /*reveal*/, const Printing& /*printing*/) {
  continue_in(Tier::learning);
}

}  // namespace obscura::cli
