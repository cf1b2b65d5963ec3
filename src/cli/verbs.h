#pragma once

#include "cli/tiers.h"

namespace CLI {
class App;
}

/// One function a verb: it gives the subcommand its options and what it runs. Errors cross as obscura::Error.
namespace obscura::cli {

void add_audit_verb(CLI::App& verb);
void add_bench_verb(CLI::App& verb);
void add_chunks_verb(CLI::App& verb);
void add_classify_verb(CLI::App& verb);
void add_compile_verb(CLI::App& verb);
void add_convert_verb(CLI::App& verb);
void add_data_verb(CLI::App& verb);
void add_decrypt_verb(CLI::App& verb);
void add_demo_verb(CLI::App& verb);
void add_encrypt_verb(CLI::App& verb);
void add_evaluate_verb(CLI::App& verb);
void add_index_verb(CLI::App& verb);
void add_inspect_verb(CLI::App& verb);
void add_keygen_verb(CLI::App& verb);
void add_protect_verb(CLI::App& verb);
void add_remote_verb(CLI::App& verb);
void add_reproduce_verb(CLI::App& verb);
void add_reveal_verb(CLI::App& verb);
void add_search_verb(CLI::App& verb);
void add_serve_verb(CLI::App& verb);
void add_token_verb(CLI::App& verb);
void add_train_verb(CLI::App& verb);

/// All verbs, in the order in which they are listed (verb_list.cpp): those of this program as they are, those of others
/// as names behind which that program is started (cli/tiers.h).
void add_verbs(CLI::App& app);

/// A verb, or one of a verb's, that another part of the program has: whatever follows its name is for that one.
void add_elsewhere(CLI::App& verb, Tier tier);

}  // namespace obscura::cli
