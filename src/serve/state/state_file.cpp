#include "serve/state/state_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/pending.h"

namespace fs = std::filesystem;

namespace obscura::serve {
namespace {

constexpr std::uint32_t kApplication = 0x4F425356;  // "OBSV"
constexpr int kTables = 1;

constexpr const char* kSchema = R"(
  CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
  CREATE TABLE tenants (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, created INTEGER NOT NULL);
  CREATE TABLE tokens (id TEXT PRIMARY KEY, tenant INTEGER NOT NULL REFERENCES tenants(id), hash BLOB NOT NULL,
    scopes INTEGER NOT NULL, created INTEGER NOT NULL, expires INTEGER NOT NULL, revoked INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE keys (tenant INTEGER NOT NULL, hash TEXT NOT NULL, bytes INTEGER NOT NULL, key_id TEXT NOT NULL,
    parameters TEXT NOT NULL, created INTEGER NOT NULL, last_used INTEGER NOT NULL, PRIMARY KEY (tenant, hash))
    WITHOUT ROWID;
  CREATE TABLE hints (gallery TEXT NOT NULL, version INTEGER NOT NULL, seed BLOB NOT NULL, hash TEXT NOT NULL,
    PRIMARY KEY (gallery, version)) WITHOUT ROWID;
  CREATE TABLE jobs (id INTEGER PRIMARY KEY AUTOINCREMENT, tenant INTEGER NOT NULL, call TEXT NOT NULL,
    model TEXT NOT NULL, ended INTEGER NOT NULL, milliseconds INTEGER NOT NULL, outcome TEXT NOT NULL);
)";

/// An exclusive lock on a file for as long as it lives.
class Lock {
 public:
  explicit Lock(const fs::path& file) : fd_(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
    if (fd_ < 0 || ::flock(fd_, LOCK_EX) != 0) throw IoError("cannot make " + file.string());
  }
  ~Lock() { ::close(fd_); }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

 private:
  int fd_;
};

/// Beside its place and then renamed: whoever finds the name finds all tables.
void make(const fs::path& file) {
  fs::path fresh = file;
  fresh += ".new";
  std::error_code ec;
  for (const char* tail : {"", "-wal", "-shm", "-journal"}) fs::remove(fresh.string() + tail, ec);
  {
    const mode_t before = ::umask(0077);
    store::Database database(fresh, store::Access::create, kApplication, kTables);
    ::umask(before);
    store::Transaction change(database);
    database.run(kSchema);
    change.commit();
  }
  fs::rename(fresh, file);
  sync_folder(file.parent_path());
}

}  // namespace

store::Database open_state(const fs::path& folder) {
  std::error_code ec;
  const bool made = fs::create_directories(folder, ec);
  if (!fs::is_directory(folder)) throw IoError("cannot make the folder " + folder.string() + " for the state");
  if (made) fs::permissions(folder, fs::perms::owner_all, ec);
  const fs::path file = folder / kStateFile;
  if (!fs::exists(file, ec)) {
    const Lock lock(folder / ".create.lock");
    if (!fs::exists(file, ec)) make(file);
  }
  store::Database database(file, store::Access::write, kApplication, kTables);
  database.run("PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON");
  return database;
}

}  // namespace obscura::serve
