// The part of the program that trains and attacks: all of it.
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
  add_train_verb(app);
  add_protect_verb(app);
  add_reveal_verb(app);
  add_audit_verb(app);
  add_reproduce_verb(app);
  add_bench_verb(app);
}

}  // namespace obscura::cli
