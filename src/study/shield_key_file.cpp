#include "study/shield_key_file.h"

#include <sodium.h>

#include <string>

#include "base/error.h"
#include "secret/sealed_file.h"

namespace fs = std::filesystem;

namespace obscura::study {
namespace {

/// Wiped on every way out. What JSON makes of it while it is read and written is not.
struct WipedText {
  std::string text;
  ~WipedText() { sodium_memzero(text.data(), text.size()); }
};

}  // namespace

void save_shield_key(const fs::path& path, const shield::Key& key, const ckks::Sealing& sealing) {
  std::error_code ec;
  if (fs::exists(fs::symlink_status(path, ec))) {
    throw IoError("there is a key " + path.string() + " already; without it what it protected could not be revealed");
  }
  const WipedText file{shield::key_text(key)};
  ckks::save_secret(path, ckks::Secret::shield_key,
                    {reinterpret_cast<const std::uint8_t*>(file.text.data()), file.text.size()}, sealing);
}

shield::Key load_shield_key(const fs::path& path, const ckks::Sealing& sealing) {
  if (sealing.seal_new && !ckks::is_sealed_file(path)) {
    throw MismatchError(path.string() +
                        " is not sealed: leave the passphrase out, or seal it (obscura keygen passphrase " +
                        path.string() + ")");
  }
  const auto bytes = ckks::load_secret(path, ckks::Secret::shield_key, sealing.passphrase, kMostShieldKeyBytes);
  const WipedText file{{bytes.begin(), bytes.end()}};
  return shield::parse_key(file.text, path.string());
}

}  // namespace obscura::study
