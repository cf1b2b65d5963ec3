#include "serve/keys/key_records.h"

#include <algorithm>

namespace obscura::serve {
namespace {

constexpr std::int64_t kWriteEvery = 3600;  // seconds

}  // namespace

KeyRecords::KeyRecords(Writer& writer) : writer_(writer) {
  writer_.run([this](store::Database& database) {
    auto rows = database.prepare("SELECT tenant, hash, bytes, key_id, parameters, created, last_used FROM keys");
    while (rows.step()) {
      const KeyRecord record{rows.integer(0), rows.text(1), static_cast<std::uint64_t>(rows.integer(2)),
                             rows.text(3),    rows.text(4), rows.integer(5),
                             rows.integer(6)};
      kept_[{record.tenant, record.hash}] = {record, record.last_used};
    }
  });
}

void KeyRecords::add(const KeyRecord& record) {
  writer_.run([&](store::Database& database) {
    database.prepare("INSERT OR REPLACE INTO keys VALUES (?, ?, ?, ?, ?, ?, ?)")
        .bind(1, record.tenant)
        .bind(2, record.hash)
        .bind(3, static_cast<std::int64_t>(record.bytes))
        .bind(4, record.key_id)
        .bind(5, record.parameters)
        .bind(6, record.created)
        .bind(7, record.last_used)
        .run();
  });
  const std::lock_guard lock(mutex_);
  kept_[{record.tenant, record.hash}] = {record, record.last_used};
}

bool KeyRecords::remove(std::int64_t tenant, const std::string& hash) {
  {
    const std::lock_guard lock(mutex_);
    if (kept_.erase({tenant, hash}) == 0) return false;
  }
  writer_.run([&](store::Database& database) {
    database.prepare("DELETE FROM keys WHERE tenant = ? AND hash = ?").bind(1, tenant).bind(2, hash).run();
  });
  return true;
}

std::optional<KeyRecord> KeyRecords::find(std::int64_t tenant, const std::string& hash) const {
  const std::lock_guard lock(mutex_);
  const auto at = kept_.find({tenant, hash});
  return at == kept_.end() ? std::nullopt : std::optional(at->second.record);
}

std::vector<KeyRecord> KeyRecords::of_key(std::int64_t tenant, const std::string& key_id,
                                          const std::string& parameters) const {
  auto found = of_tenant(tenant);
  std::erase_if(found, [&](const auto& one) { return one.key_id != key_id || one.parameters != parameters; });
  std::ranges::stable_sort(found, [](const auto& a, const auto& b) { return a.created > b.created; });
  return found;
}

std::vector<KeyRecord> KeyRecords::of_tenant(std::int64_t tenant) const {
  const std::lock_guard lock(mutex_);
  std::vector<KeyRecord> found;
  for (auto at = kept_.lower_bound({tenant, {}}); at != kept_.end() && at->first.first == tenant; ++at) {
    found.push_back(at->second.record);
  }
  return found;
}

std::vector<KeyRecord> KeyRecords::all() const {
  const std::lock_guard lock(mutex_);
  std::vector<KeyRecord> found;
  for (const auto& [name, kept] : kept_) found.push_back(kept.record);
  return found;
}

std::uint64_t KeyRecords::bytes_of(std::int64_t tenant) const {
  std::uint64_t bytes = 0;
  for (const auto& one : of_tenant(tenant)) bytes += one.bytes;
  return bytes;
}

void KeyRecords::used(std::int64_t tenant, const std::string& hash, std::int64_t now) {
  KeyRecord record;
  {
    const std::lock_guard lock(mutex_);
    const auto at = kept_.find({tenant, hash});
    if (at == kept_.end()) return;
    at->second.record.last_used = now;
    if (now - at->second.written < kWriteEvery) return;
    at->second.written = now;
    record = at->second.record;
  }
  write_use(record);
}

void KeyRecords::shift(std::int64_t seconds) {
  std::vector<KeyRecord> changed;
  {
    const std::lock_guard lock(mutex_);
    for (auto& [name, kept] : kept_) {
      kept.record.last_used += seconds;
      kept.written = kept.record.last_used;
      changed.push_back(kept.record);
    }
  }
  for (const auto& record : changed) write_use(record);
}

void KeyRecords::write_use(const KeyRecord& record) {
  writer_.later([record](store::Database& database) {
    database.prepare("UPDATE keys SET last_used = ? WHERE tenant = ? AND hash = ?")
        .bind(1, record.last_used)
        .bind(2, record.tenant)
        .bind(3, record.hash)
        .run();
  });
}

}  // namespace obscura::serve
