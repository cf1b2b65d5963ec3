// `obscura audit`: what is promised, tested the way an attacker would.
#include <CLI/CLI.hpp>

#include "cli/audit/audit_verbs.h"
#include "cli/verbs.h"

namespace obscura::cli {

void add_audit_verb(CLI::App& verb) {
  verb.require_subcommand(1);
  add_audit_attack(verb);
  add_audit_chunks(verb);
  add_audit_params(verb);
  add_audit_randomness(verb);
  add_audit_images(verb);
  add_audit_noise(verb);
  add_audit_report(verb);
}

}  // namespace obscura::cli
