#include "serve/state/tokens.h"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <ctime>

#include "base/error.h"
#include "serve/state/state_file.h"

namespace obscura::serve {
namespace {

constexpr std::size_t kIdBytes = 8, kSecretBytes = 32, kHashBytes = 32, kMaxToken = 128;

std::string hex(std::span<const std::uint8_t> bytes) {
  std::string text(2 * bytes.size() + 1, '\0');
  sodium_bin2hex(text.data(), text.size(), bytes.data(), bytes.size());
  text.pop_back();
  return text;
}

std::string base64url(std::span<const std::uint8_t> bytes) {
  constexpr int kVariant = sodium_base64_VARIANT_URLSAFE_NO_PADDING;
  std::string text(sodium_base64_encoded_len(bytes.size(), kVariant), '\0');
  sodium_bin2base64(text.data(), text.size(), bytes.data(), bytes.size(), kVariant);
  text.pop_back();
  return text;
}

void check_name(const std::string& tenant) {
  const auto good = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-' || c == '@';
  };
  if (tenant.empty() || tenant.size() > 64 || !std::ranges::all_of(tenant, good)) {
    throw UsageError("'" + tenant + "' cannot be a tenant's name: 1 to 64 letters, digits, '.', '_', '-', '@'");
  }
}

/// Of "obs_ID_...": the id, empty for anything else.
std::string id_in(const std::string& token) {
  constexpr std::size_t kStart = 4, kEnd = kStart + 2 * kIdBytes;
  if (token.size() > kMaxToken || token.size() <= kEnd || !token.starts_with("obs_") || token[kEnd] != '_') return {};
  return token.substr(kStart, 2 * kIdBytes);
}

std::vector<std::uint8_t> key_of(store::Database& database) {
  store::Transaction change(database);
  auto find = database.prepare("SELECT value FROM meta WHERE name = 'token key'");
  std::vector<std::uint8_t> key;
  if (find.step()) key = find.blob(0);
  find.reset();
  if (key.empty()) {
    key.resize(32);
    randombytes_buf(key.data(), key.size());
    database.prepare("INSERT INTO meta VALUES ('token key', ?)").bind(1, std::span<const std::uint8_t>(key)).run();
  }
  change.commit();
  return key;
}

}  // namespace

Tokens::Tokens(const std::filesystem::path& folder) : database_(open_state(folder)) {
  if (sodium_init() < 0) throw IoError("libsodium does not start");
  key_ = key_of(database_);
}

std::vector<std::uint8_t> Tokens::hash_of(const std::string& token) const {
  std::vector<std::uint8_t> hash(kHashBytes);
  crypto_generichash(hash.data(), hash.size(), reinterpret_cast<const unsigned char*>(token.data()), token.size(),
                     key_.data(), key_.size());
  return hash;
}

std::string Tokens::create(const std::string& tenant, Scopes scopes, std::int64_t expires) {
  check_name(tenant);
  std::array<std::uint8_t, kIdBytes> id{};
  std::array<std::uint8_t, kSecretBytes> secret{};
  randombytes_buf(id.data(), id.size());
  randombytes_buf(secret.data(), secret.size());
  std::string token = "obs_" + hex(id) + "_" + base64url(secret);
  sodium_memzero(secret.data(), secret.size());
  const auto now = static_cast<std::int64_t>(std::time(nullptr));
  const std::lock_guard lock(mutex_);
  store::Transaction change(database_);
  database_.prepare("INSERT OR IGNORE INTO tenants (name, created) VALUES (?, ?)").bind(1, tenant).bind(2, now).run();
  database_.prepare("INSERT INTO tokens SELECT ?, id, ?, ?, ?, ?, 0 FROM tenants WHERE name = ?")
      .bind(1, hex(id))
      .bind(2, std::span<const std::uint8_t>(hash_of(token)))
      .bind(3, std::int64_t{scopes})
      .bind(4, now)
      .bind(5, expires)
      .bind(6, tenant)
      .run();
  change.commit();
  return token;
}

std::vector<TokenRecord> Tokens::list() {
  const std::lock_guard lock(mutex_);
  auto rows = database_.prepare(
      "SELECT t.id, n.name, t.scopes, t.created, t.expires, t.revoked FROM tokens t JOIN tenants n ON n.id = t.tenant "
      "ORDER BY n.name, t.created, t.id");
  std::vector<TokenRecord> all;
  while (rows.step()) {
    all.push_back({rows.text(0), rows.text(1), static_cast<Scopes>(rows.integer(2)), rows.integer(3), rows.integer(4),
                   rows.integer(5) != 0});
  }
  return all;
}

void Tokens::revoke(const std::string& id) {
  const std::lock_guard lock(mutex_);
  store::Transaction change(database_);
  auto find = database_.prepare("SELECT 1 FROM tokens WHERE id = ?");
  if (!find.bind(1, id).step())
    throw UsageError("there is no token " + id + ": obscura token list shows those there are");
  find.reset();
  database_.prepare("UPDATE tokens SET revoked = 1 WHERE id = ?").bind(1, id).run();
  change.commit();
}

bool Tokens::empty() {
  const std::lock_guard lock(mutex_);
  return !database_.prepare("SELECT 1 FROM tokens LIMIT 1").step();
}

std::optional<Identity> Tokens::find(const std::string& token, std::int64_t now) {
  const std::string id = id_in(token);
  if (id.empty()) return std::nullopt;
  const auto hash = hash_of(token);
  const std::lock_guard lock(mutex_);
  auto row = database_.prepare(
      "SELECT t.hash, t.tenant, n.name, t.scopes, t.expires, t.revoked FROM tokens t JOIN tenants n ON n.id = t.tenant "
      "WHERE t.id = ?");
  if (!row.bind(1, id).step()) return std::nullopt;
  const auto kept = row.blob(0);
  if (kept.size() != hash.size() || sodium_memcmp(kept.data(), hash.data(), hash.size()) != 0) return std::nullopt;
  if (row.integer(5) != 0 || (row.integer(4) != 0 && row.integer(4) <= now)) return std::nullopt;
  return Identity{row.integer(1), row.text(2), id, static_cast<Scopes>(row.integer(3))};
}

}  // namespace obscura::serve
