#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "secret/secret_memory.h"

namespace obscura::ckks {

/// What seals a secret key (secret/sealed.h): bytes as they were given, which for people is UTF-8, not normalised. In
/// guarded memory; there is no way to print one.
class Passphrase {
 public:
  static constexpr std::size_t kLongest = 1024;

  /// Throws UsageError for none, and for more than kLongest bytes. The caller wipes his own.
  explicit Passphrase(std::string_view text);
  std::string_view text() const { return {text_.data(), text_.size()}; }

 private:
  GuardedVector<char> text_;
};

/// Fewest bytes of a passphrase that seals: what is shorter is guessed whatever a guess costs (NIST SP 800-63B).
inline constexpr std::size_t kShortestNewPassphrase = 8;

/// Throws UsageError for a shorter one.
void check_new_passphrase(const Passphrase& passphrase);

enum class PassphraseUse {
  open,  ///< for something that is sealed already
  seal,  ///< for something new: people are to be asked twice
};

/// Gives the passphrase for `what`, a file, where one is needed; throws Error where it has none.
using PassphraseSource = std::function<Passphrase(const std::string& what, PassphraseUse use)>;

/// What a guess at a passphrase costs: passes over so much memory (Argon2id, RFC 9106).
struct SealCost {
  std::uint32_t passes = 0;
  std::uint32_t memory_kib = 0;
  friend bool operator==(const SealCost&, const SealCost&) = default;
};

/// libsodium's MODERATE: 3 passes over 256 MiB, most of a second.
inline constexpr SealCost kModerateCost{crypto_pwhash_argon2id_OPSLIMIT_MODERATE,
                                        crypto_pwhash_argon2id_MEMLIMIT_MODERATE / 1024};

/// How somebody who holds secret keys opens sealed ones, and whether those that he makes are sealed.
struct Sealing {
  PassphraseSource passphrase;  ///< none: sealed keys are refused
  bool seal_new = false;        ///< with that passphrase
  SealCost cost = kModerateCost;
};

}  // namespace obscura::ckks
