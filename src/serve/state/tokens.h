#pragma once

#include <cstdint>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "serve/access.h"
#include "store/database.h"

namespace obscura::serve {

/// What is known of a token; the token itself is kept nowhere.
struct TokenRecord {
  std::string id, tenant;
  Scopes scopes = 0;
  std::int64_t created = 0, expires = 0;  ///< Unix seconds; 0: never
  bool revoked = false;
};

/// Tenants and their tokens, in the state's database. A token is "obs_ID_SECRET": 16 hex digits that name it and 32
/// random bytes in base64url. Kept is the BLAKE2b-256 of the whole, keyed with bytes of this state; with 256 random
/// bits nothing slower is needed. Thread-safe; several processes may use one state.
class Tokens {
 public:
  explicit Tokens(const std::filesystem::path& folder);

  /// A new token, the only time that it is seen; the tenant is made if need be. `expires`: Unix seconds, 0 for never.
  /// Throws UsageError for a name that is not 1 to 64 of letters, digits, '.', '_', '-', '@'.
  std::string create(const std::string& tenant, Scopes scopes, std::int64_t expires);
  std::vector<TokenRecord> list();
  /// Throws UsageError for an id that there is not. At once, in every server that uses this state.
  void revoke(const std::string& id);
  bool empty();

  /// Who that token is, or nothing: not one of these, expired at `now`, or revoked. Takes as long for every wrong one.
  std::optional<Identity> find(const std::string& token, std::int64_t now);

 private:
  std::vector<std::uint8_t> hash_of(const std::string& token) const;

  std::mutex mutex_;
  store::Database database_;
  std::vector<std::uint8_t> key_;
};

}  // namespace obscura::serve
