#include "owner/key_folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <string>
#include <system_error>

#include "base/error.h"
#include "base/file.h"
#include "base/file_stream.h"
#include "base/pending.h"
#include "message/client_wire.h"
#include "owner/client_tag.h"
#include "owner/key_files.h"
#include "secret/wire.h"

namespace fs = std::filesystem;

namespace obscura::owner {
namespace {

constexpr const char* kSecret = "secret.key";
constexpr const char* kEvaluation = "evaluation.key";
constexpr const char* kClient = "client.spec";
constexpr const char* kTag = "client.tag";
constexpr const char* kCounter = "decryptions";
constexpr const char* kQueries = "queries";
constexpr std::size_t kLargestClient = std::size_t{1} << 26;
constexpr std::size_t kLargestTag = 1024;
constexpr std::size_t kLargestRecord = std::size_t{1} << 28;

/// Makes the folder and those above it; forgets the ones that it made if they are still empty at the end.
class NewFolders {
 public:
  explicit NewFolders(const fs::path& folder) {
    std::error_code ec;
    for (fs::path at = folder; !at.empty() && !fs::exists(at, ec); at = at.parent_path()) made_.push_back(at);
    fs::create_directories(folder, ec);
    if (ec) throw IoError("cannot make folder " + folder.string() + ": " + ec.message());
  }
  NewFolders(const NewFolders&) = delete;
  NewFolders& operator=(const NewFolders&) = delete;
  ~NewFolders() {
    std::error_code ec;
    for (const auto& folder : made_) fs::remove(folder, ec);  // does nothing to a folder that holds something
  }

 private:
  std::vector<fs::path> made_;
};

/// An advisory lock on the folder itself, until it goes out of scope: no file is left behind for it.
class FolderLock {
 public:
  explicit FolderLock(const fs::path& folder) : fd_(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
    if (fd_ < 0) throw IoError("cannot open folder " + folder.string() + ": " + std::generic_category().message(errno));
    while (::flock(fd_, LOCK_EX) != 0) {
      if (errno == EINTR) continue;
      const std::string why = std::generic_category().message(errno);
      ::close(fd_);
      throw IoError("cannot lock folder " + folder.string() + ": " + why);
    }
  }
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;
  ~FolderLock() { ::close(fd_); }

 private:
  int fd_;
};

void move_into(const fs::path& from, const fs::path& to) {
  std::error_code ec;
  fs::rename(from, to, ec);
  if (ec) throw IoError("cannot write " + to.string() + ": " + ec.message());
}

/// The count in the file, or an incomplete 0 where there is none, or that of another key.
DecryptionCount read_counter(const fs::path& file, const ckks::KeyId& key) {
  std::error_code ec;
  if (!fs::exists(file, ec)) return {0, false};
  const auto bytes = read_file(file, 256);
  return read_decryption_count(std::string(bytes.begin(), bytes.end()), key, file.string());
}

void require_private(const fs::path& secret) {
  struct stat status {};
  if (::stat(secret.c_str(), &status) != 0) {
    throw IoError("cannot read " + secret.string() + ": " + std::generic_category().message(errno));
  }
  if ((status.st_mode & 077) == 0) return;
  throw IoError(
      fmt::format("{} can be read or changed by others (mode {:04o}): whoever has it reads your images. If "
                  "nobody did, 'chmod 600' it; else make new keys",
                  secret.string(), static_cast<unsigned>(status.st_mode & 07777)));
}

/// The evaluation keys need not be there: they are the server's. Where they are, they are of this set.
void require_same_set(const fs::path& evaluation, const ckks::KeyId& key) {
  std::ifstream in(evaluation, std::ios::binary);
  if (!in) return;
  ckks::Bytes start(ckks::kKeyIdWithin);
  in.read(reinterpret_cast<char*>(start.data()), static_cast<std::streamsize>(start.size()));
  start.resize(static_cast<std::size_t>(in.gcount()));
  const ckks::KeyId named = ckks::peek_evaluation_key_id(start, evaluation.string());
  if (named == key) return;
  throw MismatchError(
      fmt::format("{} belongs to another secret key ({}) than the one beside it ({}): these are files of "
                  "different keygen runs",
                  evaluation.string(), message::hex_of(named).substr(0, 8), message::hex_of(key).substr(0, 8)));
}

/// The client spec says which slot is which class, and what noise is: altered, it makes another class of an honest
/// answer. So it has to be the one that the keys were made with.
void require_tag_file(const fs::path& file, const ckks::SecretKey& key, ckks::ByteSpan client_file) {
  std::error_code ec;
  if (!fs::exists(file, ec)) {
    throw MismatchError(file.string() +
                        " is missing, by which the client spec is known to be the one that the keys were "
                        "made with: copy it along with the other files, or make new keys");
  }
  const auto bytes = read_file(file, kLargestTag);
  require_tag(std::string(bytes.begin(), bytes.end()), key, client_file, file.string());
}

bool is_record_name(const std::string& name) {
  return name.size() == 2 * message::QueryId{}.size() &&
         name.find_first_not_of("0123456789abcdef") == std::string::npos;
}

/// Records of queries that no key can answer any more; what else is in the folder is not ours.
void forget_records(const fs::path& folder) {
  std::error_code ec;
  std::vector<fs::path> records;
  for (fs::directory_iterator at(folder, ec), end; !ec && at != end; at.increment(ec)) {
    if (is_record_name(at->path().filename().string())) records.push_back(at->path());
  }
  for (const auto& record : records) fs::remove(record, ec);
  fs::remove(folder, ec);
}

}  // namespace

void KeyFolder::check_free(bool replace) const {
  std::error_code ec;
  if (fs::exists(folder_, ec) && !fs::is_directory(folder_, ec)) {
    throw IoError("cannot write keys into " + folder_.string() + ": it is not a folder");
  }
  if (!replace && fs::exists(folder_ / kSecret, ec)) {
    throw IoError((folder_ / kSecret).string() +
                  " exists, and answers to what was encrypted with it need it (--force replaces it)");
  }
}

void KeyFolder::put(const Owner& owner, bool replace, ThreadPool* pool, const ckks::Sealing& sealing) const {
  put(
      owner, replace, [&](const ByteSink& sink) { owner.write_evaluation_keys(sink, pool); }, sealing);
}

void KeyFolder::put(const Owner& owner, ckks::ByteSpan evaluation_keys, bool replace,
                    const ckks::Sealing& sealing) const {
  put(
      owner, replace, [&](const ByteSink& sink) { sink(evaluation_keys); }, sealing);
}

void KeyFolder::put(const Owner& owner, bool replace, const std::function<void(const ByteSink&)>& evaluation,
                    const ckks::Sealing& sealing) const {
  require_secure_for_keys(owner.client());
  check_free(replace);
  const NewFolders made(fs::absolute(folder_).lexically_normal());
  const PendingFolder work(folder_, Access::owner);
  ckks::save_secret_key(work.path() / kSecret, owner.key(), sealing);
  write_pieces(work.path() / kEvaluation, evaluation);
  const ckks::Bytes client = message::write_client_spec(owner.client());
  write_file(work.path() / kClient, client);
  write_file(work.path() / kTag, client_tag(owner.key(), client) + "\n");
  write_file(work.path() / kCounter, write_decryption_count(owner.key().id(), {}));
  // Who comes second finds the secret of the first, although neither was there when both began.
  const FolderLock lock(folder_);
  check_free(replace);
  forget_records(folder_ / kQueries);
  // The secret last: while the old one is there, it says that the folder is in use.
  for (const char* name : {kEvaluation, kClient, kTag, kCounter, kSecret})
    move_into(work.path() / name, folder_ / name);
  sync_folder(folder_);
}

Owner KeyFolder::open(const ckks::PassphraseSource& passphrase) const {
  const fs::path client_file = folder_ / kClient;
  const auto client_bytes = read_file(client_file, kLargestClient);
  auto client = message::read_client_spec(client_bytes, client_file.string());
  require_secure(client, client_file.string());
  require_private(folder_ / kSecret);
  auto secret = ckks::load_secret_key(folder_ / kSecret, passphrase);
  if (client.key != secret.id()) {
    throw MismatchError(fmt::format("{} and {} in {} are of different keygen runs (keys {} and {})", kClient, kSecret,
                                    folder_.string(), message::hex_of(client.key).substr(0, 8),
                                    message::hex_of(secret.id()).substr(0, 8)));
  }
  require_same_set(folder_ / kEvaluation, secret.id());
  require_tag_file(folder_ / kTag, secret, client_bytes);
  return {std::move(client), std::move(secret)};
}

DecryptionCount KeyFolder::count_decryptions(const ckks::KeyId& key, std::uint64_t more) const {
  const FolderLock lock(folder_);
  DecryptionCount count = read_counter(folder_ / kCounter, key);
  count.count += more;
  write_file(folder_ / kCounter, write_decryption_count(key, count));
  return count;
}

void KeyFolder::remember(const QueryRecord& record) const {
  std::error_code ec;
  fs::create_directory(folder_ / kQueries, ec);
  if (ec) throw IoError("cannot make folder " + (folder_ / kQueries).string() + ": " + ec.message());
  write_file(folder_ / kQueries / message::hex_of(record.ticket.id), write_query_record(record));
}

QueryRecord KeyFolder::recall(const message::QueryId& query, const ckks::KeyId& key) const {
  const fs::path file = folder_ / kQueries / message::hex_of(query);
  std::error_code ec;
  if (!fs::exists(file, ec)) {
    throw MismatchError("no query " + message::hex_of(query).substr(0, 8) + " was made with the keys in " +
                        folder_.string() + " (" + (folder_ / kQueries).string() + " has no record of it)");
  }
  QueryRecord record = read_query_record(read_file(file, kLargestRecord), file.string());
  if (record.ticket.id != query || record.key != key) {
    throw MismatchError(file.string() + " is the record of another query, or of one under another key");
  }
  return record;
}

void change_passphrase(const fs::path& key_file, const ckks::PassphraseSource& now, const ckks::Sealing& sealing) {
  require_private(key_file);
  const FolderLock lock(fs::absolute(key_file).parent_path());
  ckks::reseal_secret_key(key_file, now, sealing);
}

}  // namespace obscura::owner
