#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

struct sqlite3;
struct sqlite3_stmt;

/// SQLite: what has to survive a crash at any moment.
namespace obscura::store {

/// One prepared statement. Places are numbered from 1, columns from 0. Of one thread at a time. All throw as Database.
class Statement {
 public:
  Statement& bind(int place, std::int64_t value);
  Statement& bind(int place, std::string_view text);
  Statement& bind(int place, std::span<const std::uint8_t> blob);
  /// Whether there is a row (or a further one).
  bool step();
  /// For statements that give no rows; ready to be bound again after it.
  void run();
  void reset();

  std::int64_t integer(int column) const;
  std::string text(int column) const;
  std::vector<std::uint8_t> blob(int column) const;

 private:
  friend class Database;
  struct Finalise {
    void operator()(sqlite3_stmt* statement) const;
  };
  Statement(sqlite3* database, const std::string& name, std::string_view sql);
  void check(int code) const;

  sqlite3* database_;
  std::string name_;
  std::unique_ptr<sqlite3_stmt, Finalise> statement_;
};

enum class Access {
  create,  ///< a new file: it must not be there
  write,
  read
};

/// An open file. Of one thread at a time. What fails throws IoError where the disk is full, the file is missing or
/// another program is changing it, FormatError where it is no such file or damaged, with one line that names it.
class Database {
 public:
  /// `application`: the four letters that SQLite keeps for whose file it is (application_id); others are refused.
  /// `version`: of the tables (user_version), likewise.
  Database(const std::filesystem::path& file, Access access, std::uint32_t application, int version);

  Statement prepare(std::string_view sql);
  /// Statements without rows and parameters.
  void run(std::string_view sql);
  const std::string& name() const { return name_; }

 private:
  struct Close {
    void operator()(sqlite3* database) const;
  };
  std::int64_t pragma(const std::string& name);
  void set_identity(std::uint32_t application, int version);
  void check_identity(std::uint32_t application, int version);

  std::string name_;
  std::unique_ptr<sqlite3, Close> database_;
};

/// All changes between its beginning and commit(), or none: it takes them back if it ends without one.
class Transaction {
 public:
  explicit Transaction(Database& database);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  void commit();

 private:
  Database& database_;
  bool open_ = true;
};

}  // namespace obscura::store
