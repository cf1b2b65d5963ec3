#include "serve/http/rest_failure.h"

#include <algorithm>

#include "serve/http/json_text.h"

namespace obscura::serve {

namespace {

constexpr FailureCode kAll[] = {FailureCode::bad_request,  FailureCode::unauthenticated, FailureCode::forbidden,
                                FailureCode::not_found,    FailureCode::keys_unknown,    FailureCode::conflict,
                                FailureCode::too_large,    FailureCode::unsupported,     FailureCode::overloaded,
                                FailureCode::out_of_room,  FailureCode::cancelled,       FailureCode::timed_out,
                                FailureCode::shutting_down};

/// Those that pass by themselves; in seconds.
int default_retry(FailureCode code) {
  if (code == FailureCode::overloaded) return 1;
  return code == FailureCode::shutting_down ? 2 : 0;
}

}  // namespace

int http_status(FailureCode code) {
  switch (code) {
    case FailureCode::bad_request:
      return 400;
    case FailureCode::unauthenticated:
      return 401;
    case FailureCode::forbidden:
      return 403;
    case FailureCode::not_found:
      return 404;
    case FailureCode::timed_out:
      return 408;
    case FailureCode::conflict:
      return 409;
    case FailureCode::too_large:
      return 413;
    case FailureCode::keys_unknown:
      return 424;
    case FailureCode::cancelled:
      return 499;
    case FailureCode::unsupported:
      return 501;
    case FailureCode::overloaded:
    case FailureCode::shutting_down:
      return 503;
    case FailureCode::out_of_room:
      return 507;
    case FailureCode::internal:
      break;
  }
  return 500;
}

FailureCode failure_code(std::string_view name) {
  const auto at = std::find_if(std::begin(kAll), std::end(kAll), [name](auto code) { return name_of(code) == name; });
  return at == std::end(kAll) ? FailureCode::internal : *at;
}

Reply failure_reply(const Failure& failure) {
  Json body;
  body["error"] = failure.what();
  body["code"] = name_of(failure.code());
  for (const auto& [name, value] : failure.details()) {
    if (!body.contains(name)) body[name] = value;
  }
  const auto retry = failure.retry_after_ms();
  if (retry) body["retry_after_ms"] = *retry;
  Reply reply = json_reply(http_status(failure.code()), body);
  reply.code = name_of(failure.code());
  if (failure.code() == FailureCode::unauthenticated) reply.add("WWW-Authenticate", "Bearer realm=\"obscura\"");
  const int seconds = retry ? std::max((*retry + 999) / 1000, 1) : default_retry(failure.code());
  if (seconds > 0) reply.add("Retry-After", std::to_string(seconds));
  return reply;
}

Reply wrong_method(std::string_view allowed) {
  Reply reply =
      error_reply(405, name_of(FailureCode::bad_request), "here only " + std::string(allowed) + " is understood");
  reply.add("Allow", std::string(allowed));
  return reply;
}

}  // namespace obscura::serve
