#pragma once

#include <condition_variable>
#include <filesystem>
#include <functional>
#include <future>
#include <mutex>
#include <thread>
#include <vector>

#include "store/database.h"

namespace obscura::serve {

/// The one thread that changes the database. Changes that come while one transaction is on its way to the disk share
/// the next: a disk that takes 6 ms for each then carries thousands of changes a second. Thread-safe.
class Writer {
 public:
  using Change = std::function<void(store::Database&)>;

  explicit Writer(const std::filesystem::path& folder);
  /// What was given is done first.
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  /// Returns when the disk has the change. Throws what it threw, or IoError where the disk did not take it; then
  /// nothing of it is there.
  void run(Change change);
  /// Of what may be lost in a crash: nobody waits, and failures are only counted.
  void later(Change change);

 private:
  struct Pending {
    Change change;
    std::promise<void> done;
  };
  void work();
  void commit(std::vector<Pending>& group);

  store::Database database_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Pending> waiting_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace obscura::serve
