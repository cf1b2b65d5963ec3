#pragma once

#include <cstddef>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/notes.h"
#include "study/evaluate/encrypted_run.h"

namespace obscura::study {

/// What a long encrypted run has done so far, in a file that grows batch by batch, so that a second run continues
/// where the first was interrupted.
///
/// A text file; each line is a checksum and a JSON object. The first line says what is run; a line that is not whole
/// (the machine went down while it was written) ends the file.
class RunJournal {
 public:
  /// Continues the file if it is of a run with the same `identity`, begins it if there is none.
  /// Throws MismatchError that names what differs if it is of another run, IoError, FormatError for another file.
  RunJournal(std::filesystem::path file, const nlohmann::ordered_json& identity, std::size_t images);

  /// Images that are done: the first so many.
  std::size_t done() const { return done_; }

  /// For RunSteps::on_batch: adds the batch to the file, where it is safe when this returns. Throws IoError.
  void add(const EncryptedRun& so_far, std::size_t first, std::size_t count);

  /// Puts what earlier runs did into a run that began at done(): logits, times, sizes.
  void complete(EncryptedRun& run) const;

 private:
  void take(const nlohmann::json& batch);

  std::filesystem::path file_;
  std::size_t images_ = 0, done_ = 0;
  EncryptedRun earlier_;
  EncryptedRun::Steps written_;      ///< of this run
  std::size_t written_queries_ = 0;  ///< of this run
};

/// As run_encrypted, with what is done kept in `journal` (empty: nowhere) under that identity, and continued from
/// there. The file stays: whoever has stored the result removes it. `stop_after` > 0, for tests: ends with an Error
/// once so many images are done, as if interrupted.
EncryptedRun run_with_journal(const std::filesystem::path& journal, const nlohmann::ordered_json& identity,
                              std::size_t stop_after, const nn::Graph& graph, const compile::CompileOptions& options,
                              const std::vector<std::vector<float>>& images, ThreadPool& pool, std::size_t together,
                              const Notes& note);

}  // namespace obscura::study
