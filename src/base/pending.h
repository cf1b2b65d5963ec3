#pragma once

#include <cstdint>
#include <filesystem>
#include <span>

#include "base/pending_registry.h"

/// Files and folders that are not finished yet. They carry a name of their own, `.obscura-<16 hex digits>.partial`, in
/// the folder of what they will become, and get the wanted name in one step when they are whole.
///
/// The name is random and made exclusively, so that nobody can guess it or have put a link there. What is unfinished
/// goes when the object does, when a signal ends the program (remove_pending_on_signals), and otherwise, after SIGKILL
/// or a power cut, when the same user next makes a pending file in the same folder: its maker holds a lock (flock) on
/// it for as long as he lives, so that what somebody is still writing is left alone.
namespace obscura {

/// Who may read what is made, within the process's umask.
enum class Access { everybody, owner };

/// On SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGXCPU and SIGXFSZ, as far as they are not ignored, removes what is
/// pending and then ends the process by the same signal. For the program's main; libraries install no handlers.
void remove_pending_on_signals();

/// A file on its way. Not thread-safe.
class PendingFile {
 public:
  /// A link that bears the name `target` will be replaced, not followed. A device or a pipe, and what lies in /dev or
  /// /proc, is written to as it is. Throws IoError.
  PendingFile(std::filesystem::path target, Access access);
  PendingFile(const PendingFile&) = delete;
  PendingFile& operator=(const PendingFile&) = delete;
  ~PendingFile();

  /// Throws IoError: a full disk.
  void write(std::span<const std::uint8_t> bytes);

  /// Returns when the disk has the bytes and the file its name; for Access::owner also when the folder knows it, so
  /// that a power cut cannot bring the old file back. Throws IoError.
  void commit();

 private:
  [[noreturn]] void fail(const char* what) const;

  std::filesystem::path target_;
  std::filesystem::path beside_;  ///< empty if written to as it is
  Access access_;
  int fd_ = -1;
  pending::Registration registration_;
};

/// A folder on its way, made empty in `parent`. put() may be called from many threads.
class PendingFolder {
 public:
  /// With Access::owner nobody else can look into it (0700). Throws IoError.
  explicit PendingFolder(const std::filesystem::path& parent, Access access = Access::everybody);
  PendingFolder(const PendingFolder&) = delete;
  PendingFolder& operator=(const PendingFolder&) = delete;
  /// Removes the folder and what is in it, unless it was moved.
  ~PendingFolder();

  const std::filesystem::path& path() const { return path_; }

  /// Writes a new file in it without waiting for the disk. Write what is lost for ever by write_secret_file, below
  /// path(). Throws IoError.
  void put(const std::filesystem::path& name, std::span<const std::uint8_t> bytes) const;

  /// The folder gets its name, in the same parent; an empty folder of that name is replaced. Throws IoError.
  void move_to(const std::filesystem::path& target);

 private:
  std::filesystem::path path_;
  int fd_ = -1;
  pending::Registration registration_;
};

/// Returns when the disk knows the names in the folder: after files were moved into it. Throws IoError.
void sync_folder(const std::filesystem::path& folder);

}  // namespace obscura
