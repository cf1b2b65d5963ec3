#include "support/long_call.h"

#include <unistd.h>

#include <exception>
#include <system_error>
#include <thread>

#include "base/error.h"

namespace py = pybind11;

namespace obscura::python {
namespace {

/// How long ^C may take to be seen.
constexpr std::chrono::milliseconds kPatience{50};

}  // namespace

void Speaker::progress(std::uint64_t done, std::uint64_t total, std::string unit) {
  const std::lock_guard lock(mutex_);
  heard_.progress = Heard::Progress{done, total, std::move(unit)};
}

void Speaker::note(std::string line) {
  const std::lock_guard lock(mutex_);
  heard_.notes.push_back(std::move(line));
}

void Speaker::check() const {
  if (stop_.stop_requested()) throw CancelledError("called off");
}

Speaker::Heard Speaker::wait(std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, patience, [&] { return heard_.ended; });
  return std::exchange(heard_, {});
}

void Speaker::end() {
  const std::lock_guard lock(mutex_);
  heard_.ended = true;
  changed_.notify_all();
}

void LongCall::deliver(const Speaker::Heard& heard) const {
  if (PyErr_CheckSignals() != 0) throw py::error_already_set();
  if (!listeners_.note.is_none()) {
    for (const auto& line : heard.notes) listeners_.note(line);
  }
  if (heard.progress && !listeners_.progress.is_none()) {
    listeners_.progress(heard.progress->done, heard.progress->total, heard.progress->unit);
  }
}

void LongCall::run(const std::function<void(Speaker&)>& work) {
  Speaker speaker;
  std::exception_ptr failed;
  std::thread worker;
  try {
    worker = std::thread([&] {
      try {
        work(speaker);
      } catch (...) {
        failed = std::current_exception();
      }
      speaker.end();
    });
  } catch (const std::system_error& e) {
    throw IoError(std::string("the system starts no thread: ") + e.what());
  }
  std::optional<py::error_already_set> raised;
  for (bool ended = false; !ended;) {
    Speaker::Heard heard;
    {
      const py::gil_scoped_release unlocked;
      heard = speaker.wait(kPatience);
      ended = heard.ended;
      if (ended) worker.join();
    }
    if (raised) continue;
    try {
      deliver(heard);
    } catch (const py::error_already_set& e) {
      raised = e;
      speaker.stop_.request_stop();
    }
  }
  if (raised) throw *std::move(raised);
  if (failed) std::rethrow_exception(failed);
}

SameProcess::SameProcess() : id_(getpid()) {}

void SameProcess::check(const char* what) const {
  if (getpid() == id_) return;
  throw MismatchError(std::string(what) + " was made in another process, and a fork does not copy its threads: make " +
                      "it in this one (multiprocessing: start method 'spawn')");
}

}  // namespace obscura::python
