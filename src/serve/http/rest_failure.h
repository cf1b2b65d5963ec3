#pragma once

#include <string_view>

#include "serve/failure.h"
#include "serve/http/reply.h"

namespace obscura::serve {

/// The status of a failure; `unsupported` is 501: what the protocol has and is not spoken here.
int http_status(FailureCode code);

/// The inverse of name_of; `internal` for what is none.
FailureCode failure_code(std::string_view name);

/// {"error", "code", details...} with the headers that belong to it: WWW-Authenticate of unauthenticated, Retry-After
/// in whole seconds (and "retry_after_ms") where it is worth asking again.
Reply failure_reply(const Failure& failure);

/// 405 with Allow.
Reply wrong_method(std::string_view allowed);

}  // namespace obscura::serve
