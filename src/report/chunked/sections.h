#pragma once

#include <string>
#include <vector>

#include "report/chunked/chunked.h"

/// The parts that chunked_document puts together.
namespace obscura::report {

/// Table 1: keys by ring and modulus; keys that programs ask for.
Table chunked_key_table(const ChunkedReport& report);
Table chunked_program_key_table(const ChunkedReport& report);

/// Seconds of encrypting a picture by one policy, over some of the test pictures; not-a-number for none.
struct EncryptionSummary {
  std::size_t pictures = 0;
  double median = 0, best = 0, worst = 0, mean = 0;
  double chunks = 0, ciphertexts = 0, bytes = 0;  ///< means
};
/// Which pictures: all, those of whose chunks just half are flat (no feature chunks), those where half or more are.
enum class FlatChunks { any, half, half_or_more };
EncryptionSummary encryption_summary(const ChunkedReport& report, const std::string& policy, FlatChunks which);

/// Table 2: time to encrypt a picture.
Table chunked_time_table(const ChunkedReport& report);
/// The same of pictures with flat chunks.
Table chunked_flat_table(const ChunkedReport& report);

/// Table 3 and Figures 9 and 10.
Table chunked_accuracy_table(const ChunkedReport& report);
Table chunked_cost_table(const ChunkedReport& report);
std::vector<Bars> chunked_bars(const ChunkedReport& report);
Matrices chunked_matrices(const ChunkedReport& report);

Table chunked_merge_table(const ChunkedReport& report);
Table chunked_network_table(const ChunkedReport& report);

/// One line: how far encrypted accuracies are from plain ones, and how many pictures changed their class; empty where
/// nothing was encrypted.
std::string chunked_agreement_text(const ChunkedReport& report);

/// What the paper gets wrong or leaves open, a line each, and how it is cited.
std::vector<std::string> chunked_remarks();
std::string chunked_citation();
/// By how many seconds encrypting the feature chunks is faster than encrypting the picture, as the paper has it.
inline constexpr double kPaperSavedSeconds = 0.1;

}  // namespace obscura::report
