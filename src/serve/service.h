#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "ckks/wire.h"
#include "serve/access.h"
#include "serve/outcome.h"

/// The service without a network: one type of request for both fronts (serve/http, serve/grpc). It holds no secret.
namespace obscura::serve {

using Bytes = ckks::Bytes;

/// A model that is ready: one compiled program.
struct ModelFacts {
  std::string name;
  std::string version;              ///< the first 16 hex digits of the program's digest
  std::string network;              ///< as the client spec calls it
  std::string spec_hash;            ///< BLAKE2b-256 of the client spec's bytes, hex: 64 digits
  std::size_t images = 1;           ///< of one query, at most
  std::size_t max_query_bytes = 0;  ///< no query is larger
  std::size_t key_bytes = 0;        ///< about so many does an owner send once
  std::string gallery;              ///< of mode blind: whose scores it says; empty: a network's
};
inline constexpr const char* kPlatform = "obscura_ckks";
inline constexpr const char* kInput = "query";    ///< the one input of each model: BYTES [1], a file of kind query
inline constexpr const char* kOutput = "answer";  ///< the one output: BYTES [1], a file of kind answer

/// A tensor of type BYTES as the protocol has it, elements without their lengths.
struct Tensor {
  std::string name, datatype;
  std::vector<std::int64_t> shape;
  std::vector<Bytes> elements;
};

/// One request to a model, whatever form it came in.
struct InferRequest {
  std::string model, version, id;  ///< version empty: the one that is there
  std::vector<Tensor> inputs;
  std::vector<std::string> outputs;  ///< wanted; none: all
  std::optional<std::int64_t> timeout_us;
};
struct InferReply {
  std::string model, version, id;
  std::vector<Tensor> outputs;
};

/// Evaluation keys by the hash of their file.
enum class KeyState { absent, partial, ready };
std::string_view name_of(KeyState state);
struct KeyStatus {
  std::string hash;  ///< BLAKE2b-256 of the file, 64 hex digits
  KeyState state = KeyState::absent;
  std::uint64_t bytes = 0;   ///< that are here, and survive a crash
  std::uint64_t total = 0;   ///< of the file; 0: unknown
  std::string key_id;        ///< of ready ones: 32 hex digits, as queries name it
  std::int64_t created = 0;  ///< Unix seconds, as those below
  std::int64_t last_used = 0;
  std::int64_t expires = 0;         ///< deleted from then on, unless used again before
  std::vector<std::string> models;  ///< with their parameters; galleries as "gallery:NAME"
};
struct KeyPiece {
  std::string hash;
  std::uint64_t total = 0, offset = 0;
  Bytes bytes;
};
/// A piece is at most so long: below the limits of common proxies.
inline constexpr std::size_t kMaxPieceBytes = std::size_t{4} << 20;

struct GalleryFacts {
  std::string name, id;
  std::int64_t version = 0;
  std::size_t images = 0;
  std::vector<std::string> modes;  ///< "blind-features"; "blind" where a program for it is there; "trusted" if it is on
  std::string blind_model;         ///< the model to ask in mode blind; empty: none
  std::size_t max_query_bytes = 0, max_fetch_bytes = 0;
  std::size_t max_trusted_bytes = 0;  ///< 0: mode trusted is off
};
/// A static file of a gallery: the hint of private fetching.
struct StaticFile {
  std::filesystem::path path;
  std::string hash;  ///< BLAKE2b-256, hex: a strong entity tag
};

class Metrics;

/// All that the service does. Thread-safe. Functions throw Failure, and nothing else, where they do not say otherwise;
/// those with a `done` throw nothing, and tell it. Requests whose `stop` is asked for end soon after in `cancelled`.
class Service {
 public:
  struct Options;
  /// Opens or makes the state, reads programs and galleries: when it returns, models are ready. Throws as reading files
  /// does: obscura::Error.
  explicit Service(const Options& options);
  ~Service();
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  /// Who asks, if the token is good and allows `scope`. Fails with unauthenticated or forbidden.
  Identity identify(const Credentials& credentials, Scope scope);

  /// False once it is stopping.
  bool ready() const;
  std::vector<ModelFacts> models() const;
  /// `version` may be empty. Fails with not_found.
  ModelFacts model(std::string_view name, std::string_view version) const;
  /// The client spec with that hash. Fails with not_found.
  Bytes client_spec(std::string_view hash) const;
  /// No body of an infer request is larger.
  std::size_t max_infer_bytes() const;

  /// Fails with overloaded or shutting_down where a job of that tenant would be refused now: to be asked before a body
  /// is read.
  void check_room(const Identity& who) const;
  void infer(const Identity& who, InferRequest request, std::stop_token stop, Done<InferReply> done);

  KeyStatus key_status(const Identity& who, const std::string& hash);
  /// Pieces come in order; one that was taken already is taken again without harm. The one that makes the file whole is
  /// answered when the keys are checked, durable and usable.
  void put_key_piece(const Identity& who, KeyPiece piece, std::stop_token stop, Done<KeyStatus> done);
  std::vector<KeyStatus> keys(const Identity& who);
  /// Fails with not_found.
  void remove_key(const Identity& who, const std::string& hash);

  std::vector<GalleryFacts> galleries(const Identity& who);
  GalleryFacts gallery(const Identity& who, const std::string& name);
  /// The file of kind gallery_card of the present version.
  void card(const Identity& who, const std::string& name, Done<Bytes> done);
  /// The hint of that version, made if need be. Fails with not_found where the gallery has another version by now.
  void hint(const Identity& who, const std::string& name, std::int64_t version, Done<StaticFile> done);
  /// A file of kind gallery_query in, one of kind gallery_answer out.
  void scores(const Identity& who, const std::string& name, Bytes question, std::stop_token stop, Done<Bytes> done);
  /// A file of kind fetch_query in, one of kind fetch_answer out.
  void fetch(const Identity& who, const std::string& name, Bytes request, std::stop_token stop, Done<Bytes> done);

  /// Mode trusted, IN WHICH THE SERVER SEES THE PICTURE. Both fail with not_found where it is off.
  /// The file of kind trusted_card of the present version.
  void trusted_card(const Identity& who, const std::string& name, Done<Bytes> done);
  /// A file of kind trusted_query in, one of kind trusted_answer out.
  void trusted(const Identity& who, const std::string& name, Bytes question, std::stop_token stop, Done<Bytes> done);

  Metrics& metrics();

  /// Takes nothing more, lets what was taken end until `grace_ms` are over, then cancels it. Returns when nothing runs.
  void stop(int grace_ms);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace obscura::serve
