#include "serve/grpc/status.h"

#include <algorithm>

namespace obscura::serve::grpc_front {
namespace {

constexpr std::size_t kMaxSentence = 1024, kMaxValue = 256;

/// A start of UTF-8 text that ends between two characters.
std::string cut(const std::string& text, std::size_t most) {
  if (text.size() <= most) return text;
  std::size_t end = most;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end);
}

bool is_name(const std::string& text) {
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
  });
}

std::string printable(const std::string& text) {
  std::string value = text.substr(0, kMaxValue);
  std::replace_if(
      value.begin(), value.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return value;
}

}  // namespace

grpc::StatusCode status_code(FailureCode code) {
  switch (code) {
    case FailureCode::bad_request:
      return grpc::StatusCode::INVALID_ARGUMENT;
    case FailureCode::unauthenticated:
      return grpc::StatusCode::UNAUTHENTICATED;
    case FailureCode::forbidden:
      return grpc::StatusCode::PERMISSION_DENIED;
    case FailureCode::not_found:
      return grpc::StatusCode::NOT_FOUND;
    case FailureCode::keys_unknown:
      return grpc::StatusCode::FAILED_PRECONDITION;
    case FailureCode::conflict:
      return grpc::StatusCode::ABORTED;
    case FailureCode::too_large:
    case FailureCode::out_of_room:
      return grpc::StatusCode::RESOURCE_EXHAUSTED;
    case FailureCode::unsupported:
      return grpc::StatusCode::UNIMPLEMENTED;
    case FailureCode::overloaded:
    case FailureCode::shutting_down:
      return grpc::StatusCode::UNAVAILABLE;
    case FailureCode::cancelled:
      return grpc::StatusCode::CANCELLED;
    case FailureCode::timed_out:
      return grpc::StatusCode::DEADLINE_EXCEEDED;
    case FailureCode::internal:
      break;
  }
  return grpc::StatusCode::INTERNAL;
}

grpc::Status status_of(const Failure& failure) {
  return {status_code(failure.code()), cut(failure.what(), kMaxSentence)};
}

std::vector<std::pair<std::string, std::string>> trailers_of(const Failure& failure) {
  std::vector<std::pair<std::string, std::string>> trailers = {{"obscura-code", std::string(name_of(failure.code()))}};
  for (const auto& [name, value] : failure.details()) {
    // Names that end in -bin would have to carry base64.
    if (is_name(name) && !name.ends_with("-bin")) trailers.emplace_back("obscura-" + name, printable(value));
  }
  if (failure.retry_after_ms()) trailers.emplace_back("retry-after-ms", std::to_string(*failure.retry_after_ms()));
  return trailers;
}

}  // namespace obscura::serve::grpc_front
