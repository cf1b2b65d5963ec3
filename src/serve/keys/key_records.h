#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "serve/state/writer.h"

namespace obscura::serve {

/// Evaluation keys that are whole, checked and durable.
struct KeyRecord {
  std::int64_t tenant = 0;
  std::string hash;  ///< of the file, hex
  std::uint64_t bytes = 0;
  std::string key_id;      ///< hex
  std::string parameters;  ///< their digest, hex
  std::int64_t created = 0, last_used = 0;
};

/// Which keys are here: rows of the state, and the same in memory. Thread-safe. Of one process at a time.
class KeyRecords {
 public:
  explicit KeyRecords(Writer& writer);

  /// Returns when the disk has it.
  void add(const KeyRecord& record);
  /// Whether there was one; returns when the disk has no more of it.
  bool remove(std::int64_t tenant, const std::string& hash);
  std::optional<KeyRecord> find(std::int64_t tenant, const std::string& hash) const;
  /// Those of a tenant under one secret key and parameters, the newest first.
  std::vector<KeyRecord> of_key(std::int64_t tenant, const std::string& key_id, const std::string& parameters) const;
  std::vector<KeyRecord> of_tenant(std::int64_t tenant) const;
  std::vector<KeyRecord> all() const;
  std::uint64_t bytes_of(std::int64_t tenant) const;

  /// Noted in memory at once, and on the disk when an hour has passed since it was last.
  void used(std::int64_t tenant, const std::string& hash, std::int64_t now);
  /// The clock was set on by so many seconds: keys keep the time that they have left.
  void shift(std::int64_t seconds);

 private:
  struct Kept {
    KeyRecord record;
    std::int64_t written = 0;  ///< the last use that the disk knows
  };
  void write_use(const KeyRecord& record);

  Writer& writer_;
  mutable std::mutex mutex_;
  std::map<std::pair<std::int64_t, std::string>, Kept> kept_;
};

}  // namespace obscura::serve
