#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "remote/facts.h"
#include "remote/http.h"
#include "remote/key_source.h"
#include "remote/remote_error.h"

namespace obscura::remote {

struct Options {
  HttpOptions http;
  int total_ms = 600'000;                          ///< of one call, with all that is tried again
  int retries = 5;                                 ///< of one call, where the server is not reached or has no room
  int back_off_ms = 100;                           ///< before the first of them; then twice as long, up to five seconds
  std::size_t piece_bytes = std::size_t{1} << 20;  ///< of keys that are sent; proxies refuse large ones
  /// Hears how far a long one of the calls is: "keys sent", "hint fetched". Of the calling thread.
  std::function<void(const std::string& what, std::uint64_t done, std::uint64_t total)> progress;
};

/// A server of Obscura's service as its clients see it (docs/service.md). All that a server says is taken for hostile:
/// JSON is checked field by field and no answer is larger than it may be; what is inside files (answers, cards, hints)
/// is left to their readers. Calls that can be asked again without harm are, a few times, where the server is not
/// reached or has no room. Thread-safe: calls that come at the same time have a connection each.
///
/// Every call throws RemoteError for what the server says and for servers that say nothing, and CancelledError within
/// 100 ms of `stop`.
class Remote {
 public:
  /// Connects to nothing yet. `token` may be empty. Throws UsageError for a URL that is none, and for a token that
  /// would be sent where others can read it (remote/address.h).
  Remote(const std::string& url, const std::string& token, Options options = {});
  ~Remote();
  Remote(const Remote&) = delete;
  Remote& operator=(const Remote&) = delete;

  const Address& address() const;
  Traffic traffic() const;

  /// Returns if the server is there and takes requests; asked once, whatever `retries` says; needs no token. Throws
  /// RemoteError otherwise.
  void ping(const std::stop_token& stop = {});
  ServerFacts server(const std::stop_token& stop = {});
  std::vector<ModelFacts> models(const std::stop_token& stop = {});
  ModelFacts model(const std::string& name, const std::stop_token& stop = {});
  /// The file that keys are made for, checked to be the one that the model names; kept, so that it comes once.
  ckks::Bytes client_spec(const ModelFacts& model, const std::stop_token& stop = {});

  KeyStatus key_status(const std::string& hash, const std::stop_token& stop = {});
  /// Sends what the server does not have of them, in pieces, from where it was left. Returns when the server has them
  /// all, checked, durable and usable.
  KeyStatus upload_keys(const KeySource& keys, const std::stop_token& stop = {});
  std::vector<KeyStatus> keys(const std::stop_token& stop = {});
  void remove_key(const std::string& hash, const std::stop_token& stop = {});

  /// A query's file in, its answer's out. Where the server does not know the query's keys, they are sent, and it is
  /// asked once more; without `keys` that is a RemoteError, code keys_unknown.
  ckks::Bytes infer(const std::string& model, ckks::ByteSpan query, const KeyProvider& keys = {},
                    const std::stop_token& stop = {});

  std::vector<GalleryFacts> galleries(const std::stop_token& stop = {});
  GalleryFacts gallery(const std::string& name, const std::stop_token& stop = {});
  /// A file of kind gallery_card.
  ckks::Bytes card(const std::string& gallery, const std::stop_token& stop = {});
  /// The hint of that version as a file in `folder`, which is made if need be: fetched once, gone on with where it was
  /// cut, and checked against its hash. Throws IoError, too; code too_large for one of more than `most_bytes`.
  std::filesystem::path hint(const GalleryFacts& gallery, const std::filesystem::path& folder, std::uint64_t most_bytes,
                             const std::stop_token& stop = {});
  /// A file of kind gallery_query in, one of kind gallery_answer out. Unknown keys as for infer.
  ckks::Bytes scores(const std::string& gallery, ckks::ByteSpan question, const KeyProvider& keys = {},
                     const std::stop_token& stop = {});
  /// A file of kind fetch_query in, one of kind fetch_answer out.
  ckks::Bytes fetch(const std::string& gallery, ckks::ByteSpan request, const std::stop_token& stop = {});

  /// Mode trusted, IN WHICH THE SERVER SEES THE PICTURE. A file of kind trusted_card.
  ckks::Bytes trusted_card(const std::string& gallery, const std::stop_token& stop = {});
  /// A file of kind trusted_query in, one of kind trusted_answer out.
  ckks::Bytes trusted(const std::string& gallery, ckks::ByteSpan question, const std::stop_token& stop = {});

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace obscura::remote
