#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "obscura/bytes.h"
#include "obscura/error.h"
#include "obscura/owner.h"
#include "remote/remote_error.h"

/// The owner's side of a service: a server of Obscura over a network. Component `remote`; needs libsodium and libcurl.
namespace obscura {

/// What a call of a server ends in that has no result: a code to act on, a sentence for people, and details.
using RemoteError = remote::RemoteError;

/// A network that a server runs on ciphertexts.
struct RemoteModel {
  std::string name, version;
  std::string network;                   ///< as its client spec calls it
  std::string client_spec;               ///< BLAKE2b-256 of its client spec, hex: another one needs other keys
  std::size_t images_per_query = 1;      ///< at most
  std::size_t evaluation_key_bytes = 0;  ///< about so many are sent once
};

struct RemoteOptions {
  std::filesystem::path ca_file;  ///< certificates that are trusted, PEM; empty: the system's
  std::size_t connect_seconds = 10;
  std::size_t stall_seconds = 30;                  ///< without a byte while bytes should come or go
  std::size_t total_seconds = 600;                 ///< of one call, with all that is tried again
  int retries = 5;                                 ///< of one call, where the server is not reached or has no room
  std::size_t piece_bytes = std::size_t{1} << 20;  ///< of keys that are sent
  /// Hears how far the sending of keys is, in bytes.
  std::function<void(std::uint64_t done, std::uint64_t total)> progress;
};

/// A server. Nothing that it says is trusted: JSON is checked field by field, sizes are bounded, a client spec is
/// checked against its hash, and answers are read by the Owner, who checks every field. Thread-safe; movable.
///
/// Every call throws RemoteError for what the server says and, code `unreachable`, for one that says nothing; and
/// CancelledError soon after `stop` is asked for.
class Remote {
 public:
  /// "https://host:port", or "http://" of this machine; connects to nothing yet. Throws UsageError for a URL that is
  /// none, and for a token that would be sent where others can read it.
  Remote(const std::string& url, const std::string& token, const RemoteOptions& options = {});
  Remote(Remote&&) noexcept;
  Remote& operator=(Remote&&) noexcept;
  ~Remote();

  std::vector<RemoteModel> models(const std::stop_token& stop = {});
  RemoteModel model(const std::string& name, const std::stop_token& stop = {});
  /// The bytes that an Owner is made of.
  Bytes client_spec(const std::string& model, const std::stop_token& stop = {});

  /// Encrypts here, lets the server compute and reads its answer here. The evaluation keys are sent when the server
  /// does not know them, and never the secret. Throws as Owner::encrypt and Owner::read, too: MismatchError for an
  /// owner of another program than the model's.
  Prediction classify(Owner& owner, const std::string& model, const Pixels& picture, const std::stop_token& stop = {});
  std::vector<Prediction> classify(Owner& owner, const std::string& model, std::span<const Pixels> pictures,
                                   const std::stop_token& stop = {});

  /// Bytes in, bytes out, for who encrypts and reads by himself. Unknown keys are a RemoteError, code keys_unknown.
  Bytes infer(const std::string& model, BytesView query, const std::stop_token& stop = {});
  /// Sends evaluation keys, from where an earlier call was cut; returns when the server can use them.
  void send_keys(BytesView evaluation_keys, const std::stop_token& stop = {});
  /// The server forgets keys, by the hash of their file.
  void delete_keys(const std::string& hash, const std::stop_token& stop = {});
  /// BLAKE2b-256, hex.
  static std::string hash_of(BytesView file);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace obscura
