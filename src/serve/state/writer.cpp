#include "serve/state/writer.h"

#include "base/error.h"
#include "serve/state/state_file.h"

namespace obscura::serve {

Writer::Writer(const std::filesystem::path& folder) : database_(open_state(folder)), thread_([this] { work(); }) {}

Writer::~Writer() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void Writer::run(Change change) {
  std::future<void> done;
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) throw IoError("the state is being closed");
    done = waiting_.emplace_back(Pending{std::move(change), {}}).done.get_future();
  }
  wake_.notify_all();
  done.get();
}

void Writer::later(Change change) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
    waiting_.push_back({std::move(change), {}});
  }
  wake_.notify_all();
}

void Writer::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    std::vector<Pending> group;
    group.swap(waiting_);
    lock.unlock();
    commit(group);
    lock.lock();
  }
}

/// Each change in a savepoint of its own: one that fails takes nothing of its neighbours with it.
void Writer::commit(std::vector<Pending>& group) {
  std::vector<std::exception_ptr> failed(group.size());
  try {
    store::Transaction transaction(database_);
    for (std::size_t i = 0; i < group.size(); ++i) {
      database_.run("SAVEPOINT one");
      try {
        group[i].change(database_);
      } catch (...) {
        failed[i] = std::current_exception();
        database_.run("ROLLBACK TO one");
      }
      database_.run("RELEASE one");
    }
    transaction.commit();
  } catch (...) {
    for (auto& one : failed) one = std::current_exception();
  }
  for (std::size_t i = 0; i < group.size(); ++i) {
    failed[i] ? group[i].done.set_exception(failed[i]) : group[i].done.set_value();
  }
}

}  // namespace obscura::serve
