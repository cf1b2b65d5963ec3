#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"

namespace obscura::remote {

/// What a call of the service ended in that has no result. Codes are those of the protocol (docs/service.md), as
/// "keys_unknown", "unauthenticated", "forbidden", "not_found", "too_large", "overloaded", "out_of_room", and of the
/// client's own:
///
///   unreachable   no connection, or it was lost, or nothing came for too long
///   untrusted     the server's certificate is not one that is trusted, or of another server
///   unexpected    an answer that the protocol does not have
class RemoteError : public Error {
 public:
  using Details = std::vector<std::pair<std::string, std::string>>;
  /// `status`: of HTTP; 0 where no answer came.
  RemoteError(std::string code, const std::string& sentence, int status = 0, Details details = {})
      : Error(sentence), code_(std::move(code)), status_(status), details_(std::move(details)) {}

  const std::string& code() const { return code_; }
  int status() const { return status_; }
  /// What the server says beside the code: names and values of the protocol.
  const Details& details() const { return details_; }
  /// The value of that name; empty where there is none.
  std::string detail(const std::string& name) const {
    for (const auto& [key, value] : details_) {
      if (key == name) return value;
    }
    return {};
  }
  /// After so long it is worth asking again, says the server.
  std::optional<int> retry_after_ms() const { return retry_after_ms_; }
  RemoteError& retry_after(int milliseconds) {
    retry_after_ms_ = milliseconds;
    return *this;
  }

 private:
  std::string code_;
  int status_;
  Details details_;
  std::optional<int> retry_after_ms_;
};

}  // namespace obscura::remote
