#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "base/parallel.h"
#include "compile/compile.h"
#include "owner/reading.h"
#include "runtime/runner.h"

namespace obscura::study {

/// Many images through the whole way, owner to server and back, in one process, every step timed.
struct EncryptedRun {
  message::ClientSpec client;
  std::vector<std::vector<double>> logits;  ///< of every image, as the owner reads them
  std::vector<owner::Trust> trust;          ///< what the owner may think of each
  /// Wall-clock seconds of making the program, the keys, and the runner with its expanded keys.
  struct Setup {
    double compile = 0, keys = 0, prepare = 0;
  } setup;
  /// Wall-clock seconds of each step over all images; `total` is from the first to the last of them.
  struct Steps {
    double encrypt = 0, expand = 0, evaluate = 0, decrypt = 0, total = 0;
  } seconds;
  std::vector<double> query_seconds;                       ///< evaluation of each query, on its own thread
  std::size_t together = 0;                                ///< queries at a time on all threads; 0: one a thread
  std::vector<runtime::StageTime> stages;                  ///< of a query, on average
  std::size_t upload = 0, reply = 0, evaluation_keys = 0;  ///< bytes, as really serialised; of the first query
  std::size_t upload_min = 0, upload_max = 0;              ///< of all queries: those of policy features differ
  double chunks_encrypted = 0;                             ///< mean share of a picture's chunks; 0 where there are none
};

/// For runs that take hours: where to begin, and who hears of what is done.
struct RunSteps {
  std::size_t first = 0;  ///< images before it are left out; their logits stay empty
  /// After each batch: images [first, first + count) have their logits; times are the sums of this run so far.
  std::function<void(const EncryptedRun& so_far, std::size_t first, std::size_t count)> on_batch;
};

/// Packed: images in parallel, each on one thread. Batched: queries one after another, each on all threads.
/// Large packed networks take `together` queries at a time through all threads (0: a few), which makes more images a
/// second but each wait for the others. `images` are preprocessed. Shows progress where `progress` is set.
EncryptedRun run_encrypted(const nn::Graph& graph, const compile::CompileOptions& options,
                           const std::vector<std::vector<float>>& images, ThreadPool& pool, bool progress,
                           std::size_t together = 0, const RunSteps& steps = {});

}  // namespace obscura::study
