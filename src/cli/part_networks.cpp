// The part of the program that reads networks. What learns or was learnt is the next part's.
#include <CLI/CLI.hpp>

#include "cli/evaluate_pictures.h"
#include "cli/protect_model.h"
#include "cli/reveal_learned.h"
#include "cli/tiers.h"
#include "cli/verbs.h"

namespace obscura::cli {

void add_verbs(CLI::App& app) {
  add_demo_verb(app);
  add_compile_verb(app);
  add_keygen_verb(app);
  add_encrypt_verb(app);
  add_classify_verb(app);
  add_decrypt_verb(app);
  add_inspect_verb(app);
  add_evaluate_verb(app);
  add_data_verb(app);
  add_elsewhere(app, "train", Tier::learning);
  add_protect_verb(app);
  add_reveal_verb(app);
  add_elsewhere(app, "audit", Tier::learning);
  add_elsewhere(app, "reproduce", Tier::learning);
  add_bench_verb(app);
}

void evaluate_pictures(const PictureEvaluation& /*a*/) {
  continue_in(Tier::learning);
}

void protect_model(const std::filesystem::path& /*model*/, const KeyOptions& /*key*/,
                   const std::filesystem::path& /*data*/, const std::filesystem::path& /*out*/, bool /*json*/,
                   bool /*force*/) {
  continue_in(Tier::learning);
}

void reveal_learned(const LearnedReveal& /*a*/) {
  continue_in(Tier::learning);
}

}  // namespace obscura::cli
