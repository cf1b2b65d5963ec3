#pragma once

#include <pybind11/pybind11.h>

#include <string>
#include <vector>

#include "base/notes.h"
#include "secret/passphrase.h"
#include "support/long_call.h"

/// What verbs do (src/study), called from Python: their progress and notes are heard, their sentences speak of
/// arguments and not of options, and a passphrase is a str.
namespace obscura::python {

/// "--max-keys is 3" as "max_keys is 3": what is said to somebody who typed no option.
std::string without_dashes(const std::string& sentence);

/// A passphrase, str or bytes, for what opens and seals keys; None is none. Its copies here are wiped. With `seal_new`
/// keys that are made are sealed with it.
ckks::Sealing sealing_of(const pybind11::object& passphrase, bool seal_new = true);

/// Text that came from files of others, whatever bytes it has.
pybind11::str to_str(const std::string& text);

/// The parts of study_call() that do not depend on the work.
class StudyCall {
 public:
  explicit StudyCall(Speaker& speaker);
  const Notes& notes() const { return notes_; }
  /// Runs the work, and throws what it throws with its options named as arguments.
  void run(const std::function<void()>& work) const;

 private:
  Speaker& speaker_;
  Notes notes_;
};

/// work(const Notes&) on a thread of its own, whose progress and notes are heard by the listeners; ^C and what they
/// raise end it where it tells of its progress. Called with the interpreter's lock held; the work has not got it.
template <typename Work>
auto study_call(Listeners listeners, Work&& work) {
  return long_call(std::move(listeners), [&](Speaker& speaker) {
    using Result = std::invoke_result_t<Work, const Notes&>;
    const StudyCall call(speaker);
    if constexpr (std::is_void_v<Result>) {
      call.run([&] { work(call.notes()); });
    } else {
      std::optional<Result> result;
      call.run([&] { result.emplace(work(call.notes())); });
      return *std::move(result);
    }
  });
}

}  // namespace obscura::python
