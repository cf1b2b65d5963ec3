#include "study/passphrase_change.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/file_stream.h"
#include "ckks/wire.h"
#include "owner/key_folder.h"
#include "secret/sealed_file.h"
#include "study/search/encrypted.h"
#include "study/search/search_files.h"
#include "study/search/search_record.h"
#include "study/shield_key_file.h"

namespace fs = std::filesystem;

namespace obscura::study {
namespace {

constexpr std::size_t kStartBytes = 12;  // a magic, a version, a kind

constexpr std::string_view kEnvelopeMagic("OBSCURA\0", 8);

std::uint16_t number_at(ckks::ByteSpan head, std::size_t at) {
  return head.size() < at + 2 ? 0 : static_cast<std::uint16_t>(head[at] | head[at + 1] << 8);
}

/// By its first bytes.
std::optional<SecretFile> secret_of(const fs::path& file) {
  const auto head = read_start(file, kStartBytes);
  const std::string_view text(reinterpret_cast<const char*>(head.data()), head.size());
  if (ckks::begins_sealed_file(head)) {
    const bool record = number_at(head, 10) == static_cast<std::uint16_t>(ckks::Secret::search_record);
    return SecretFile{file, record ? SecretKind::search_record : SecretKind::shield_key, true};
  }
  if (text.starts_with(kEnvelopeMagic)) {
    const auto kind = static_cast<ckks::Kind>(number_at(head, 10));
    if (kind == ckks::Kind::secret_key) return SecretFile{file, SecretKind::ckks_key, false};
    if (kind == ckks::Kind::sealed_secret_key) return SecretFile{file, SecretKind::ckks_key, true};
    if (kind == ckks::Kind::search_record) return SecretFile{file, SecretKind::search_record, false};
    return std::nullopt;
  }
  if (text.starts_with('{')) return SecretFile{file, SecretKind::shield_key, false};
  return std::nullopt;
}

/// A file that is sealed in ignorance of what it is would be found to be damaged when it is needed.
void require_sound(const SecretFile& secret) {
  if (secret.sealed) return;
  if (secret.kind == SecretKind::shield_key) load_shield_key(secret.file, {});
  if (secret.kind == SecretKind::search_record) read_record_file(secret.file, {});
}

}  // namespace

std::vector<SecretFile> secret_files(const fs::path& place) {
  if (!fs::is_directory(place)) {
    if (const auto secret = secret_of(place)) return {*secret};
    throw FormatError(place.string() +
                      " is nothing that a passphrase seals: expected a secret key, an owner's record of a search, or "
                      "the key of a shield");
  }
  std::vector<SecretFile> found;
  for (const char* name : {"secret.key", kSearchSecretFile, kGalleryKeyFile, kSearchRecordFile}) {
    if (!fs::exists(place / name)) continue;
    const auto one = secret_files(place / name);
    found.insert(found.end(), one.begin(), one.end());
  }
  if (!found.empty()) return found;
  throw IoError(place.string() +
                " holds no secret.key, search.key, gallery.key or search.record; the key of a shield " +
                "is named by its file");
}

void change_passphrase(const SecretFile& secret, const ckks::PassphraseSource& now, const ckks::Sealing& sealing) {
  require_sound(secret);
  switch (secret.kind) {
    case SecretKind::ckks_key:
      return owner::change_passphrase(secret.file, now, sealing);
    case SecretKind::search_record:
      return ckks::reseal_secret(secret.file, ckks::Secret::search_record, now, sealing, kMostRecordBytes);
    case SecretKind::shield_key:
      return ckks::reseal_secret(secret.file, ckks::Secret::shield_key, now, sealing, kMostShieldKeyBytes);
  }
}

}  // namespace obscura::study
