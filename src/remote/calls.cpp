#include "remote/calls.h"

#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>
#include <charconv>
#include <condition_variable>
#include <mutex>

#include "base/error.h"

namespace obscura::remote {
namespace {

/// No JSON of a server is larger.
constexpr std::size_t kMostJsonBytes = std::size_t{4} << 20;
constexpr int kLongestBackOffMs = 5'000;
/// A server that asks for more patience is given up.
constexpr int kLongestWaitMs = 30'000;
constexpr std::size_t kMostDetails = 16;

std::string code_of_status(int status) {
  switch (status) {
    case 400:
      return "bad_request";
    case 401:
      return "unauthenticated";
    case 403:
      return "forbidden";
    case 404:
      return "not_found";
    case 405:
    case 415:
    case 501:
      return "unsupported";
    case 408:
      return "timed_out";
    case 409:
      return "conflict";
    case 413:
      return "too_large";
    case 424:
      return "keys_unknown";
    case 429:
    case 503:
      return "overloaded";
    case 500:
      return "internal";
    case 502:
    case 504:
      return "unreachable";  // says a proxy
    case 507:
      return "out_of_room";
    default:
      return "unexpected";
  }
}

RemoteError::Details details_of(const nlohmann::json& object) {
  RemoteError::Details details;
  for (const auto& [name, value] : object.items()) {
    if (name == "error" || name == "code" || details.size() == kMostDetails) continue;
    if (value.is_string()) details.emplace_back(printable(name, 64), printable(value.get<std::string>(), 256));
    if (value.is_number_integer()) details.emplace_back(printable(name, 64), value.dump());
  }
  return details;
}

std::optional<int> whole_seconds(const std::string& text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) return {};
  return std::min(value, 1'000'000) * 1000;
}

}  // namespace

RemoteError error_of(const Response& response, const std::string& url) {
  const auto object = read_object(response.body);
  std::string code = code_of_status(response.status);
  std::string sentence = fmt::format("answers with status {}", response.status);
  RemoteError::Details details;
  if (response.status >= 300 && response.status < 400) sentence += ", a redirection, which is not followed";
  if (object) {
    const auto text = [&](const char* name) {
      const auto found = object->find(name);
      return found != object->end() && found->is_string() ? printable(found->get<std::string>()) : std::string();
    };
    if (const auto said = text("code"); !said.empty()) code = said;
    if (const auto said = text("error"); !said.empty()) sentence = "says: " + said;
    details = details_of(*object);
  }
  RemoteError error(code, "the server " + url + " " + sentence, response.status, std::move(details));
  if (const auto ms = whole_seconds(response.header("retry-after"))) error.retry_after(*ms);
  return error;
}

void wait(int milliseconds, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any changed;
  std::unique_lock lock(mutex);
  changed.wait_for(lock, stop, std::chrono::milliseconds(milliseconds), [] { return false; });
  if (stop.stop_requested()) throw CancelledError("the call was called off");
}

Patience::Patience(const Options& options, Clock::time_point deadline) : options_(options), deadline_(deadline) {}

void Patience::again(const RemoteError& error, const std::stop_token& stop) {
  const bool full = error.status() == 503 || error.status() == 429;
  const bool passes = error.code() == "unreachable" || full;
  if (!passes || tried_ >= options_.retries) throw RemoteError(error);
  std::int64_t ms =
      std::min<std::int64_t>(std::int64_t{options_.back_off_ms} << std::min(tried_, 16), kLongestBackOffMs);
  // Not all clients at the same moment.
  ms += randombytes_uniform(static_cast<std::uint32_t>(ms / 2 + 1));
  if (error.retry_after_ms()) ms = std::max<std::int64_t>(ms, *error.retry_after_ms());
  if (ms > kLongestWaitMs || Clock::now() + std::chrono::milliseconds(ms) >= deadline_) throw RemoteError(error);
  ++tried_;
  wait(static_cast<int>(ms), stop);
}

Response Calls::ask_once(const Request& request, const std::stop_token& stop, const BodySink& sink) {
  auto response = http.send(request, stop, sink);
  if (response.status < 200 || response.status >= 300) throw error_of(response, http.address().url);
  return response;
}

Response Calls::ask(Request request, const std::stop_token& stop) {
  request.deadline = deadline();
  Patience patience(options, request.deadline);
  while (true) {
    try {
      return ask_once(request, stop);
    } catch (const RemoteError& error) {
      patience.again(error, stop);
    }
  }
}

JsonFields Calls::json(const std::string& path, const std::stop_token& stop) {
  Request request;
  request.path = path;
  request.most_bytes = kMostJsonBytes;
  const auto response = ask(request, stop);
  return JsonFields(ckks::ByteSpan(response.body), "what " + http.address().url + path + " answers");
}

void Calls::tell(const char* what, std::uint64_t done, std::uint64_t total) const {
  if (options.progress) options.progress(what, done, total);
}

}  // namespace obscura::remote
