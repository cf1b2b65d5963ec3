#pragma once

// Internal to src/remote: calls that are tried again.
#include <cstdint>
#include <filesystem>
#include <stop_token>
#include <string>

#include "remote/facts.h"
#include "remote/http.h"
#include "remote/remote.h"

namespace obscura::remote {

/// What a server says that is no result: by its JSON, and where there is none (of a proxy), by the status alone.
RemoteError error_of(const Response& response, const std::string& url);

/// Waits `milliseconds`. Throws CancelledError as soon as `stop` is asked for.
void wait(int milliseconds, const std::stop_token& stop);

/// How often something may still be tried again, and how long is waited before.
class Patience {
 public:
  Patience(const Options& options, Clock::time_point deadline);
  /// Waits, if the error may pass and there is time for it; else throws it.
  void again(const RemoteError& error, const std::stop_token& stop);
  /// There was progress: trying begins anew.
  void renew() { tried_ = 0; }

 private:
  const Options& options_;
  Clock::time_point deadline_;
  int tried_ = 0;
};

/// The client and what it may cost.
struct Calls {
  HttpClient http;
  Options options;

  Clock::time_point deadline() const { return Clock::now() + std::chrono::milliseconds(options.total_ms); }
  /// An answer with status 2xx; others are thrown. Tried again.
  Response ask(Request request, const std::stop_token& stop);
  /// The same once.
  Response ask_once(const Request& request, const std::stop_token& stop, const BodySink& sink = {});
  JsonFields json(const std::string& path, const std::stop_token& stop);
  void tell(const char* what, std::uint64_t done, std::uint64_t total) const;
};

KeyStatus upload(Calls& calls, const KeySource& keys, const std::stop_token& stop);
KeyStatus key_status(Calls& calls, const std::string& hash, const std::stop_token& stop);

/// A file at `path` of the server, "NAME" in `folder`, where its entity tag is its BLAKE2b-256.
std::filesystem::path download(Calls& calls, const std::string& path, const std::filesystem::path& folder,
                               const std::string& name, std::uint64_t most_bytes, const std::stop_token& stop);

}  // namespace obscura::remote
