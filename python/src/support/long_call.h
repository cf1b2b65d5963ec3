#pragma once

#include <pybind11/pybind11.h>

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

/// Calls that take long: without the interpreter's lock, with progress and notes for Python, and ended by ^C.
namespace obscura::python {

/// What a long call says while it runs. Thread-safe.
class Speaker {
 public:
  /// Done of total (0: unknown) units ("images", "bytes"); only the latest is heard.
  void progress(std::uint64_t done, std::uint64_t total, std::string unit);
  /// A line that people should know of: all are heard.
  void note(std::string line);
  /// Asked for once a callback has raised, or ^C was pressed.
  std::stop_token stop() const { return stop_.get_token(); }
  /// Throws CancelledError once it was asked for: for work that knows no stop_token.
  void check() const;

 private:
  friend class LongCall;
  struct Heard {
    struct Progress {
      std::uint64_t done = 0, total = 0;
      std::string unit;
    };
    std::optional<Progress> progress;
    std::vector<std::string> notes;
    bool ended = false;
  };
  /// What was said since the last time, at the latest after `patience`.
  Heard wait(std::chrono::milliseconds patience);
  void end();

  std::stop_source stop_;
  std::mutex mutex_;
  std::condition_variable changed_;
  Heard heard_;
};

/// Who listens: None, or callables progress(done: int, total: int, unit: str) and note(line: str). They are called on
/// the thread that made the call, with the interpreter's lock; what they raise ends the call and is raised from it.
struct Listeners {
  pybind11::object progress = pybind11::none();
  pybind11::object note = pybind11::none();
};

class LongCall {
 public:
  explicit LongCall(Listeners listeners) : listeners_(std::move(listeners)) {}
  /// Runs the work on a thread of its own, and meanwhile lets Python run. Throws what the work throws; what a callback
  /// raised, and KeyboardInterrupt on the main thread, whatever the work came to.
  void run(const std::function<void(Speaker&)>& work);

 private:
  void deliver(const Speaker::Heard& heard) const;
  Listeners listeners_;
};

/// The same for work that returns something: work(Speaker&). To be called with the interpreter's lock held; the work
/// has not got it and may not touch Python.
template <typename Work>
auto long_call(Listeners listeners, Work&& work) {
  using Result = std::invoke_result_t<Work, Speaker&>;
  if constexpr (std::is_void_v<Result>) {
    LongCall(std::move(listeners)).run(std::forward<Work>(work));
  } else {
    std::optional<Result> result;
    LongCall(std::move(listeners)).run([&](Speaker& speaker) { result.emplace(work(speaker)); });
    return *std::move(result);
  }
}

/// Threads do not survive a fork: objects that have some refuse to be used in a child process.
class SameProcess {
 public:
  SameProcess();
  /// Throws MismatchError that names `what` and says what to do.
  void check(const char* what) const;

 private:
  std::int64_t id_;
};

}  // namespace obscura::python
