#pragma once

#include "cli/tiers.h"

namespace CLI {
class App;
}

/// One function a verb; each adds its subcommand, its options and what it runs. Errors cross as obscura::Error.
namespace obscura::cli {

/// The subcommand of that name with its description, which stands in one table (verb_list.cpp).
CLI::App* add_verb(CLI::App& app, const char* name);

/// A verb of another part of the program: whatever follows its name is for that.
void add_elsewhere(CLI::App& app, const char* name, Tier tier);

/// All verbs, in the order in which they are listed: those of this part of the program as they are, those of others as
/// names behind which that part is started (cli/tiers.h).
void add_verbs(CLI::App& app);

void add_demo_verb(CLI::App& app);
void add_compile_verb(CLI::App& app);
void add_keygen_verb(CLI::App& app);
void add_encrypt_verb(CLI::App& app);
void add_classify_verb(CLI::App& app);
void add_decrypt_verb(CLI::App& app);
void add_inspect_verb(CLI::App& app);
void add_evaluate_verb(CLI::App& app);
void add_data_verb(CLI::App& app);
void add_train_verb(CLI::App& app);
void add_protect_verb(CLI::App& app);
void add_reveal_verb(CLI::App& app);
void add_audit_verb(CLI::App& app);
void add_reproduce_verb(CLI::App& app);
void add_bench_verb(CLI::App& app);

}  // namespace obscura::cli
