#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "obscura/bytes.h"
#include "obscura/error.h"

/// The owner's side: the one that holds the secret. Component `client`; needs libsodium and nothing else.
namespace obscura {

/// A picture as decoders give it: rows from top to bottom, samples interleaved (r g b r g b ...), 8 bits each.
struct Pixels {
  std::size_t width = 0;
  std::size_t height = 0;
  std::size_t channels = 0;  ///< 1 grey, 3 red, green, blue
  std::vector<std::uint8_t> values;
};

/// What a network takes and tells, as its client spec says.
struct NetworkFacts {
  std::string name;
  std::size_t width = 0, height = 0, channels = 0;  ///< of a picture
  std::string preprocessing;                        ///< how pixels become numbers, for people
  std::vector<std::string> classes;                 ///< names, numbers where the network states none
  std::size_t images_per_query = 1;                 ///< at most
  double logit_error = 0;                           ///< standard deviation that encryption adds, predicted
};

/// What the network says of one picture.
struct Prediction {
  std::vector<double> logits;         ///< with noise added and rounded to what is honestly there
  std::vector<double> probabilities;  ///< of each class
  std::size_t index = 0;              ///< of the most probable class
  std::string label;                  ///< its name
  double confidence = 0;              ///< its probability
  std::string doubt;                  ///< why the class may be wrong; empty: nothing speaks against it
};

/// Makes a secret key, encrypts pictures and reads answers. Keep it, or its folder: what it encrypted is read by no
/// other. Counts what it decrypts and keeps a record of each query until its answer comes, in memory or, once it has a
/// folder, there. Thread-safe; movable.
class Owner {
 public:
  /// With a fresh secret key, for the program whose client.spec this is. `threads`: 0 for as many as the machine has.
  /// Throws FormatError for anything else, MismatchError for the spec of keys that were made already.
  explicit Owner(BytesView client_spec, std::size_t threads = 0);
  /// With the keys that save() or `obscura keygen` put into a folder. Throws as KeyFolder::open (owner/key_folder.h).
  static Owner open(const std::filesystem::path& folder, std::size_t threads = 0);
  /// The same where secret.key may be sealed with a passphrase. Throws MismatchError for a wrong one. The caller wipes
  /// his copy.
  static Owner open(const std::filesystem::path& folder, std::string_view passphrase, std::size_t threads = 0);
  Owner(Owner&&) noexcept;
  Owner& operator=(Owner&&) noexcept;
  ~Owner();

  /// Puts everything into a folder, all files or none, and keeps its records and its count there from now on:
  /// secret.key (mode 0600), evaluation.key, client.spec. Throws IoError where there are keys already, MismatchError
  /// where these are in a folder already.
  void save(const std::filesystem::path& folder);
  /// The same with secret.key sealed with a passphrase of eight bytes or more (Argon2id and XChaCha20-Poly1305).
  void save(const std::filesystem::path& folder, std::string_view passphrase);

  /// Another passphrase for the secret.key of a folder: the same key, its file replaced in one step. Empty for none,
  /// before or after. Throws MismatchError for a wrong one; the file is then as it was.
  static void change_passphrase(const std::filesystem::path& folder, std::string_view now, std::string_view next);

  NetworkFacts network() const;
  KeyId id() const;

  /// For the server: it computes with them and cannot decrypt. The file `evaluation.key`: the folder's
  /// where there is one, else made at the first call.
  const Bytes& evaluation_keys();
  /// The same, where making them takes long: `made` hears how many bytes of the file there are. What it throws ends the
  /// work, and is thrown.
  const Bytes& evaluation_keys(const std::function<void(std::uint64_t bytes)>& made);

  /// A query: the file that goes to the server. Throws MismatchError for a picture of another size or another number
  /// of channels than network() says, and for more pictures than images_per_query.
  Bytes encrypt(const Pixels& picture);
  Bytes encrypt(std::span<const Pixels> pictures);
  /// The same for values that are preprocessed already, channels x height x width each.
  Bytes encrypt_values(std::span<const std::vector<float>> images);

  /// One prediction a picture of the query that this answers, in its order. Every field of the answer has one right
  /// value, and all of them are compared before anything is decrypted: throws MismatchError for another program, key or
  /// query, and for an answer that decrypts to noise; FormatError for damaged bytes. `share`: the logits of so many
  /// pictures in all may be shown to others than the owner (0: none); UnsupportedError where the program was not
  /// compiled for that, or the answer is of more pictures.
  std::vector<Prediction> read(BytesView answer, std::uint64_t share = 0);

  /// Ciphertexts that were decrypted with this key so far, by this object and in its folder.
  std::uint64_t decryptions() const;

 private:
  struct State;
  explicit Owner(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace obscura
