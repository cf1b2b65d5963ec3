#pragma once

namespace CLI {
class App;
}

/// One function a verb; each adds its subcommand, its options and what it runs. Errors cross as obscura::Error.
namespace obscura::cli {
void add_data_verb(CLI::App& app);
void add_train_verb(CLI::App& app);
void add_compile_verb(CLI::App& app);
void add_keygen_verb(CLI::App& app);
void add_encrypt_verb(CLI::App& app);
void add_classify_verb(CLI::App& app);
void add_decrypt_verb(CLI::App& app);
void add_inspect_verb(CLI::App& app);
void add_evaluate_verb(CLI::App& app);
void add_bench_verb(CLI::App& app);
void add_demo_verb(CLI::App& app);
void add_protect_verb(CLI::App& app);
void add_reveal_verb(CLI::App& app);
void add_audit_verb(CLI::App& app);
void add_reproduce_verb(CLI::App& app);
}  // namespace obscura::cli
