#pragma once

#include <string>

#include "secret/passphrase.h"

/// Passphrases that people type.
namespace obscura::cli {

/// Whether somebody is there to type one: standard input and standard error are a terminal.
bool can_ask();

/// Asks on the terminal of the process, without showing what is typed; twice for one that is new. Backspace takes a
/// character back, Ctrl-U all. Throws CancelledError for Ctrl-C and Ctrl-D, UsageError where the two differ, IoError
/// where there is no terminal.
ckks::Passphrase ask_passphrase(const std::string& what, ckks::PassphraseUse use);

}  // namespace obscura::cli
