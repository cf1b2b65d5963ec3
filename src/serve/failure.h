#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"

namespace obscura::serve {

/// Why a request was not done, for machines. Names (name_of) are part of the protocol (docs/service.md).
enum class FailureCode {
  bad_request,      ///< malformed, or of another program, key or version
  unauthenticated,  ///< no token, or not a valid one
  forbidden,        ///< a valid token without the right to it, or sent where others can read it
  not_found,        ///< no such model, gallery, key or path
  keys_unknown,     ///< the evaluation keys of the query are not here: send them, then ask again
  conflict,         ///< a piece of keys that does not go on where the last one ended
  too_large,
  unsupported,    ///< a form of the protocol that is not spoken here
  overloaded,     ///< the backlog is full: ask again later
  out_of_room,    ///< the tenant's quota, or the disk
  cancelled,      ///< by the client, or because it has gone
  timed_out,      ///< the client's deadline, or too slow a client
  shutting_down,  ///< ask again at the server that comes after this one
  internal
};

/// "keys_unknown" and the like.
std::string_view name_of(FailureCode code);

/// What a request ends in that has no result: one clear sentence, and what machines need to act on it.
class Failure : public Error {
 public:
  using Details = std::vector<std::pair<std::string, std::string>>;
  Failure(FailureCode code, const std::string& sentence, Details details = {})
      : Error(sentence), code_(code), details_(std::move(details)) {}

  FailureCode code() const { return code_; }
  /// Of keys_unknown the key's id, of conflict the bytes that are here, and so on: names and values of the protocol.
  const Details& details() const { return details_; }
  /// After so long it is worth asking again.
  std::optional<int> retry_after_ms() const { return retry_after_ms_; }
  Failure& retry_after(int milliseconds) {
    retry_after_ms_ = milliseconds;
    return *this;
  }

 private:
  FailureCode code_;
  Details details_;
  std::optional<int> retry_after_ms_;
};

/// The failure that the exception in flight is for who asked: to be called in a catch block. What is no fault of the
/// request becomes `internal` without its text, which may name files.
Failure failure_in_flight();

}  // namespace obscura::serve
