#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <vector>

#include "base/parallel.h"
#include "ckks/wire.h"
#include "compile/compile.h"
#include "runtime/runner.h"

/// The server's side: nothing here, or in what it includes, knows a secret key.
namespace obscura::study {

struct ClassificationRequest {
  std::filesystem::path keys;   ///< the owner's evaluation keys, a file
  std::filesystem::path query;  ///< file
  std::filesystem::path out;    ///< where the answer goes
  /// The programs that keys of these parameters can be for; throws MismatchError if there is none.
  std::function<std::vector<program::Program>(const ckks::Digest& parameters)> programs;
  bool progress = false;  ///< a line on standard error, for pictures in many groups of chunks
};

/// What happened, in the order in which it did.
struct Classification {
  message::ClientSpec client;
  std::size_t images = 0;
  std::size_t query_bytes = 0, answer_bytes = 0;
  double compile = 0, prepare = 0, expand = 0, evaluate = 0;
  std::vector<runtime::StageTime> stages;
};

/// The program of that file, as ClassificationRequest::programs is asked for it. Throws MismatchError that names `keys`
/// if it has other parameters.
std::vector<program::Program> programs_of_file(const std::filesystem::path& program, const ckks::Digest& parameters,
                                               const std::filesystem::path& keys);

/// Runs the program on the query and writes the answer. Throws MismatchError for a query or keys of another program or
/// owner, UnsupportedError for a program that the machine has not the memory for, and as reading does.
Classification classify(const ClassificationRequest& request, ThreadPool& pool);

}  // namespace obscura::study
