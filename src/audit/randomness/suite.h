#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "audit/randomness/bits.h"
#include "audit/randomness/linear_complexity.h"
#include "audit/randomness/outcome.h"
#include "audit/randomness/templates.h"

namespace obscura::randomness {

/// The fifteen tests, in the standard's order.
enum class Test {
  frequency,
  block_frequency,
  runs,
  longest_run,
  matrix_rank,
  spectrum,
  non_overlapping_templates,
  overlapping_template,
  universal,
  linear_complexity,
  serial,
  approximate_entropy,
  cumulative_sums,
  random_excursions,
  random_excursions_variant,
};

/// All of them.
std::vector<Test> all_tests();

/// "frequency", "block-frequency", ...: what --only takes.
std::string to_string(Test test);
/// "Binary matrix rank": for people.
std::string title(Test test);
/// The test of that name. Throws UsageError that lists them.
Test find_test(const std::string& name);

/// What the tests are run with. The default is what SP 800-22 rev. 1a says; zeros follow from the length.
struct Parameters {
  std::size_t frequency_block = 0;
  std::size_t complexity_block = 500;
  std::size_t serial_pattern = 0;   ///< 16, or as many bits as the length allows
  std::size_t entropy_pattern = 0;  ///< 10, or as many bits as the length allows
  OverlapChances overlap = OverlapChances::hamano_kaneko;
  LowestClass lowest = LowestClass::exact;
};

/// What NIST's program sts 2.1.2 does unless told otherwise, where that is not what its standard says: frequency in
/// blocks of 128, and two tables from before the standard's revision. Its known answers are of these.
Parameters nist_program();

/// All variants of a test, always as many and in the same order. A pure function; thread-safe.
Outcomes run_test(Test test, const BitSequence& bits, const Parameters& parameters = {});

/// One variant of one test.
struct Variant {
  Test test;
  std::string name;  ///< as Outcome::variant

  /// "serial 1", "frequency".
  std::string text() const { return name.empty() ? to_string(test) : to_string(test) + " " + name; }
};

/// Of these tests, in the order of what run_tests returns: 188 of all fifteen.
std::vector<Variant> variants_of(const std::vector<Test>& tests);

/// Outcomes of all variants of these tests.
Outcomes run_tests(const std::vector<Test>& tests, const BitSequence& bits, const Parameters& parameters = {});

}  // namespace obscura::randomness
