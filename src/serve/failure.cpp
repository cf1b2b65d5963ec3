#include "serve/failure.h"

#include <exception>
#include <new>

namespace obscura::serve {

std::string_view name_of(FailureCode code) {
  switch (code) {
    case FailureCode::bad_request:
      return "bad_request";
    case FailureCode::unauthenticated:
      return "unauthenticated";
    case FailureCode::forbidden:
      return "forbidden";
    case FailureCode::not_found:
      return "not_found";
    case FailureCode::keys_unknown:
      return "keys_unknown";
    case FailureCode::conflict:
      return "conflict";
    case FailureCode::too_large:
      return "too_large";
    case FailureCode::unsupported:
      return "unsupported";
    case FailureCode::overloaded:
      return "overloaded";
    case FailureCode::out_of_room:
      return "out_of_room";
    case FailureCode::cancelled:
      return "cancelled";
    case FailureCode::timed_out:
      return "timed_out";
    case FailureCode::shutting_down:
      return "shutting_down";
    case FailureCode::internal:
      break;
  }
  return "internal";
}

Failure failure_in_flight() {
  try {
    throw;
  } catch (const Failure& e) {
    return e;
  } catch (const CancelledError&) {
    return {FailureCode::cancelled, "the request was cancelled"};
  } catch (const IoError&) {
    return {FailureCode::internal, "the server could not read or write its files: its log says why"};
  } catch (const UnsupportedError& e) {
    return {FailureCode::bad_request, e.what()};
  } catch (const Error& e) {  // format, mismatch, parameters: what was sent
    return {FailureCode::bad_request, e.what()};
  } catch (const std::bad_alloc&) {
    Failure failure(FailureCode::overloaded, "the server has no memory left for this request: ask again later");
    failure.retry_after(1000);
    return failure;
  } catch (...) {
    return {FailureCode::internal, "the server failed: its log says why"};
  }
}

}  // namespace obscura::serve
