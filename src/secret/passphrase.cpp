#include "secret/passphrase.h"

#include "base/error.h"

namespace obscura::ckks {

Passphrase::Passphrase(std::string_view text) : text_(text.begin(), text.end()) {
  if (text_.empty()) throw UsageError("the passphrase is empty");
  if (text_.size() > kLongest) {
    throw UsageError("a passphrase of " + std::to_string(text_.size()) + " bytes, expected at most " +
                     std::to_string(kLongest) + ": is that the right file?");
  }
}

void check_new_passphrase(const Passphrase& passphrase) {
  const std::size_t bytes = passphrase.text().size();
  if (bytes >= kShortestNewPassphrase) return;
  throw UsageError("a passphrase of " + std::to_string(bytes) + " bytes, expected at least " +
                   std::to_string(kShortestNewPassphrase) + ": five words by dice are good ones");
}

}  // namespace obscura::ckks
