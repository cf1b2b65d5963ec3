#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "base/notes.h"
#include "study/images/picture_fit.h"
#include "study/search/search.h"

/// A search as files between two processes, in mode blind-features with private fetching:
///
///   server  gallery ── publish ──> card, hint                                              (public; once a version)
///   owner   picture, card ── ask ──> secret/, request/{evaluation.keys, question.bin}
///   server  gallery, request/ ── answer ──> answer/scores.bin
///   owner   card, secret/, answer/ ── read ──> which are nearest; request/fetch.bin
///   server  gallery, request/ ── answer ──> answer/fetched.bin
///   owner   card, hint, secret/, answer/ ── read ──> the pictures
namespace obscura::study {

/// Names of files in the folders.
inline constexpr const char* kCardFile = "gallery.card";
inline constexpr const char* kHintFile = "gallery.hint";
inline constexpr const char* kSearchKeysFile = "evaluation.keys";
inline constexpr const char* kQuestionFile = "question.bin";
inline constexpr const char* kScoresFile = "scores.bin";
inline constexpr const char* kFetchFile = "fetch.bin";
inline constexpr const char* kFetchedFile = "fetched.bin";
inline constexpr const char* kSearchSecretFile = "search.key";
inline constexpr const char* kSearchRecordFile = "search.record";

/// What was written, and what people should know.
struct SearchFiles {
  std::vector<std::filesystem::path> written;
  std::vector<std::string> lines;
};

/// The server: what owners need to know. Throws UsageError for an empty gallery, and as galleries do.
SearchFiles publish_gallery(const std::filesystem::path& gallery, const std::filesystem::path& out,
                            std::size_t threads);

struct OwnerQuestion {
  std::filesystem::path info;    ///< the folder with the card
  std::filesystem::path secret;  ///< the owner's: its key is made if there is none
  std::filesystem::path network, picture, out;
  PictureFit fit;
  std::size_t threads = 0;
  ckks::Sealing sealing;  ///< of that key and of the record of the question
};
/// The owner asks. The evaluation keys are written beside the question whenever the key is new. Throws MismatchError
/// where the network is not the gallery's; and as reading pictures and networks does. The record of the question is
/// sealed where a passphrase was named or the key is sealed; that a key which is there already is not, is said.
SearchFiles owner_request(const OwnerQuestion& question, const Notes& note);

/// The server answers all that lies in `request`. `keys`: the file of evaluation keys; empty: in the request. Throws
/// UsageError for a folder without a question, MismatchError for a question to another gallery or version, or keys of
/// another owner.
SearchFiles server_answer(const std::filesystem::path& gallery, const std::filesystem::path& request,
                          const std::filesystem::path& keys, const std::filesystem::path& out, std::size_t threads);

struct OwnerReading {
  std::filesystem::path info, secret, answer;
  std::filesystem::path out;  ///< of scores: for the next request; of pictures: for them
  std::size_t top = 5;        ///< up to search::kFetchCount
  ckks::Sealing sealing;      ///< opens the key and the record, where they are sealed; the record is written again
};
struct OwnerRead {
  SearchFiles files;
  bool pictures = false;  ///< fetched; else only places and distances are known
  std::vector<SearchHit> hits;
  search::Distance distance = search::Distance::cosine;
};
/// The owner reads what there is: the pictures if they were fetched, else the scores. Throws MismatchError for an
/// answer to another question than the last. The record is sealed as owner_request() says, and where it was.
OwnerRead owner_read(const OwnerReading& reading);

}  // namespace obscura::study
