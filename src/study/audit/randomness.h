#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "audit/randomness/suite.h"
#include "audit/randomness/verdict.h"
#include "base/notes.h"
#include "study/audit/bit_source.h"

/// `obscura audit randomness`: the fifteen tests of NIST SP 800-22 on what bits it is given.
namespace obscura::study {

struct RandomnessOptions {
  BitSourceOptions source;
  std::size_t bits = 1'000'000;  ///< of a sequence
  std::size_t sequences = 0;     ///< of a source; 0: all of a file, else up to kUsualSequences
  double alpha = randomness::kAlpha;
  std::vector<std::string> only;  ///< tests by name; none: all
  bool nist_program = false;      ///< parameters of NIST's program where they differ from the standard
  std::size_t threads = 0;        ///< 0: as many as the machine has
};

inline constexpr std::size_t kUsualSequences = 100;

struct SourceAudit {
  std::string name, how;
  /// p[s][v]: of variant v on sequence s; none where it did not apply.
  std::vector<std::vector<std::optional<double>>> p;
  /// Why p[s][v] is none: the first reason that came up for variant v; empty where it always applied.
  std::vector<std::string> reasons;
  randomness::Verdict verdict;
  std::size_t bits = 0;  ///< of a sequence
  double seconds = 0;

  /// p-values of short sequences go in steps. So many sequences show them, and uniformity takes them for structure.
  bool too_short() const { return p.size() > bits / 100; }
};

struct RandomnessAudit {
  RandomnessOptions options;
  std::vector<randomness::Variant> variants;
  std::vector<SourceAudit> sources;
  double seconds = 0;
};

/// Throws UsageError for tests and sources that there are not, ParameterError for a source that has less than one
/// sequence, and what the sources throw. `progress`: a line on standard error where it takes long.
RandomnessAudit audit_randomness(const RandomnessOptions& options, const Notes& note, bool progress);

/// One source, sequence by sequence: tests run on all threads while the next sequences are made.
SourceAudit audit_source(const BitSource& source, const RandomnessOptions& options,
                         const std::vector<randomness::Test>& tests, bool progress);

}  // namespace obscura::study
