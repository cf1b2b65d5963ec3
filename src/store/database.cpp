#include "store/database.h"

#include <sqlite3.h>

#include "base/error.h"
#include "base/printable.h"

namespace obscura::store {
namespace {

constexpr int kBusyMilliseconds = 5000;

[[noreturn]] void throw_for(int code, const std::string& name, const char* message) {
  switch (code & 0xFF) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      throw IoError(name + " is being changed by another program: try again when that has ended");
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      throw FormatError(name + " is damaged, or was not written by Obscura (" + printable(message) + ")");
    case SQLITE_FULL:
      throw IoError("no room on the disk for " + name);
    case SQLITE_READONLY:
      throw IoError(name + " may not be written to");
    case SQLITE_CANTOPEN:
      throw IoError("cannot open " + name);
    case SQLITE_NOMEM:
      throw std::bad_alloc();
    default:
      throw IoError(name + ": " + printable(message));
  }
}

int flags_of(Access access) {
  return access == Access::read ? SQLITE_OPEN_READONLY
                                : SQLITE_OPEN_READWRITE | (access == Access::create ? SQLITE_OPEN_CREATE : 0);
}

}  // namespace

void Statement::Finalise::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

Statement::Statement(sqlite3* database, const std::string& name, std::string_view sql)
    : database_(database), name_(name) {
  sqlite3_stmt* made = nullptr;
  check(sqlite3_prepare_v2(database, sql.data(), static_cast<int>(sql.size()), &made, nullptr));
  statement_.reset(made);
}

void Statement::check(int code) const {
  if (code != SQLITE_OK) throw_for(code, name_, sqlite3_errmsg(database_));
}

Statement& Statement::bind(int place, std::int64_t value) {
  check(sqlite3_bind_int64(statement_.get(), place, value));
  return *this;
}

Statement& Statement::bind(int place, std::string_view text) {
  check(sqlite3_bind_text64(statement_.get(), place, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8));
  return *this;
}

Statement& Statement::bind(int place, std::span<const std::uint8_t> blob) {
  // An empty blob is not NULL.
  check(sqlite3_bind_blob64(statement_.get(), place, blob.empty() ? "" : static_cast<const void*>(blob.data()),
                            blob.size(), SQLITE_TRANSIENT));
  return *this;
}

bool Statement::step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) throw_for(code, name_, sqlite3_errmsg(database_));
  return false;
}

void Statement::run() {
  step();
  reset();
}

void Statement::reset() {
  sqlite3_reset(statement_.get());
  sqlite3_clear_bindings(statement_.get());
}

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

std::string Statement::text(int column) const {
  const auto bytes = blob(column);
  return {bytes.begin(), bytes.end()};
}

std::vector<std::uint8_t> Statement::blob(int column) const {
  const auto* bytes = static_cast<const std::uint8_t*>(sqlite3_column_blob(statement_.get(), column));
  const int size = sqlite3_column_bytes(statement_.get(), column);
  return bytes == nullptr ? std::vector<std::uint8_t>() : std::vector<std::uint8_t>(bytes, bytes + size);
}

void Database::Close::operator()(sqlite3* database) const {
  sqlite3_close_v2(database);
}

Database::Database(const std::filesystem::path& file, Access access, std::uint32_t application, int version)
    : name_(file.string()) {
  std::error_code ec;
  const bool there = std::filesystem::exists(file, ec);
  if (access == Access::create && there) throw IoError(name_ + " is there already");
  if (access != Access::create && !there) throw IoError("there is no " + name_);
  sqlite3* opened = nullptr;
  const int code = sqlite3_open_v2(name_.c_str(), &opened, flags_of(access) | SQLITE_OPEN_NOMUTEX, nullptr);
  database_.reset(opened);
  if (code != SQLITE_OK) throw_for(code, name_, opened == nullptr ? "out of memory" : sqlite3_errmsg(opened));
  sqlite3_busy_timeout(opened, kBusyMilliseconds);
  sqlite3_extended_result_codes(opened, 1);
  // A file that others wrote: neither triggers nor views nor functions of its schema are trusted.
  sqlite3_db_config(opened, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(opened, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_db_config(opened, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
  sqlite3_db_config(opened, SQLITE_DBCONFIG_ENABLE_VIEW, 0, nullptr);
  run("PRAGMA cell_size_check = ON");
  run("PRAGMA synchronous = FULL");
  access == Access::create ? set_identity(application, version) : check_identity(application, version);
}

void Database::set_identity(std::uint32_t application, int version) {
  run("PRAGMA application_id = " + std::to_string(application));
  run("PRAGMA user_version = " + std::to_string(version));
}

void Database::check_identity(std::uint32_t application, int version) {
  if (pragma("application_id") != static_cast<std::int64_t>(application)) {
    throw FormatError(name_ + " is not what Obscura keeps there");
  }
  const std::int64_t found = pragma("user_version");
  if (found != version) {
    throw FormatError(name_ + " has tables of version " + std::to_string(found) + ", this program knows version " +
                      std::to_string(version));
  }
}

std::int64_t Database::pragma(const std::string& name) {
  Statement statement = prepare("PRAGMA " + name);
  return statement.step() ? statement.integer(0) : 0;
}

Statement Database::prepare(std::string_view sql) {
  return {database_.get(), name_, sql};
}

void Database::run(std::string_view sql) {
  const int code = sqlite3_exec(database_.get(), std::string(sql).c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) throw_for(code, name_, sqlite3_errmsg(database_.get()));
}

Transaction::Transaction(Database& database) : database_(database) {
  database_.run("BEGIN IMMEDIATE");
}

Transaction::~Transaction() {
  if (!open_) return;
  try {
    database_.run("ROLLBACK");
  } catch (const std::exception&) {
    // The next program that opens the file takes the changes back.
  }
}

void Transaction::commit() {
  database_.run("COMMIT");
  open_ = false;
}

}  // namespace obscura::store
