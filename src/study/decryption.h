#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "base/parallel.h"
#include "owner/key_folder.h"

/// The owner's side: an answer read, checked and counted.
namespace obscura::study {

struct DecryptionRequest {
  std::filesystem::path keys;    ///< folder that keygen made
  std::filesystem::path answer;  ///< file
  std::filesystem::path query;   ///< file, where it was not made with this folder; empty: the folder's record
  std::size_t share = 0;         ///< answers, in all, that may be shown to others; 0: none
  std::size_t threads = 0;
  ckks::PassphraseSource passphrase;  ///< where the secret key is sealed
};

/// What was read, image by image, and what is known of each.
struct Decryption {
  message::ClientSpec client;
  owner::QueryRecord record;
  std::vector<owner::Reading> readings;
  owner::DecryptionCount count;
  std::vector<std::string> labels;  ///< of the classes

  std::string name(std::size_t i) const { return record.images.empty() ? std::string() : record.images[i].name; }
  /// For messages: the file's name, or the image's number.
  std::string title(std::size_t i) const {
    if (!name(i).empty()) return name(i);
    return readings.size() == 1 ? "the image" : fmt::format("image {}", i);
  }
  std::size_t failed() const {
    return static_cast<std::size_t>(std::count_if(
        readings.begin(), readings.end(), [](const auto& reading) { return reading.trust == owner::Trust::failed; }));
  }
};

/// One guess of the network.
struct Guess {
  std::size_t index = 0;
  double confidence = 0;
};

/// The `top` most probable classes of an image, best first.
std::vector<Guess> best_guesses(const message::ClientSpec& client, const std::vector<double>& logits, std::size_t top);

/// An answer that is in memory, `what` in messages, to a query that the folder has a record of; as decrypt below.
Decryption decrypt_answer(const owner::KeyFolder& folder, const owner::Owner& owner, ckks::ByteSpan answer,
                          const std::string& what, std::size_t share, ThreadPool& pool);

/// Counts what it decrypts in the folder before it returns: a result that nobody counted must not be seen. Throws
/// MismatchError for an answer of other keys or that nobody asked for, UnsupportedError where flooding leaves nothing,
/// and as reading does. Answers that fail their checks are in the result, and say so.
Decryption decrypt(const DecryptionRequest& request);

/// What is to be said beside the results: which answers are doubtful, and how often the keys in that folder have
/// decrypted. `renewal`: how new ones are made.
std::vector<std::string> decryption_notes(const Decryption& done, const std::filesystem::path& keys,
                                          const std::string& renewal);

/// Throws MismatchError if an answer of `what` failed its checks: nothing is shown of it.
void require_answers(const Decryption& done, const std::string& what);

/// The object that docs/cli.md describes, with `top` classes an image.
nlohmann::ordered_json decryption_json(const DecryptionRequest& request, const Decryption& done, std::size_t top);

/// A line an image (RFC 4180), the first with headings.
std::string decryption_csv(const Decryption& done);

}  // namespace obscura::study
