#include "audit/randomness/suite.h"

#include <utility>

#include "audit/randomness/balance.h"
#include "audit/randomness/excursions.h"
#include "audit/randomness/matrix_rank.h"
#include "audit/randomness/patterns.h"
#include "audit/randomness/spectrum.h"
#include "audit/randomness/universal.h"
#include "base/error.h"

namespace obscura::randomness {
namespace {

struct Entry {
  Test test;
  const char* name;
  const char* title;
  Outcomes (*run)(const BitSequence&, const Parameters&);
};

template <Outcome (*test)(const BitSequence&)>
Outcomes one(const BitSequence& bits, const Parameters&) {
  return {test(bits)};
}
template <Outcomes (*test)(const BitSequence&)>
Outcomes many(const BitSequence& bits, const Parameters&) {
  return test(bits);
}

const std::array<Entry, 15> kTests{{
    {Test::frequency, "frequency", "Frequency", one<frequency>},
    {Test::block_frequency, "block-frequency", "Frequency within a block",
     [](const BitSequence& b, const Parameters& p) -> Outcomes {
       return {block_frequency(b, p.frequency_block != 0 ? p.frequency_block : frequency_block(b.size()))};
     }},
    {Test::runs, "runs", "Runs", one<runs>},
    {Test::longest_run, "longest-run", "Longest run of ones", one<longest_run>},
    {Test::matrix_rank, "matrix-rank", "Binary matrix rank", one<matrix_rank>},
    {Test::spectrum, "spectrum", "Discrete Fourier transform", one<spectrum>},
    {Test::non_overlapping_templates, "non-overlapping-templates", "Non-overlapping template matching",
     many<non_overlapping_templates>},
    {Test::overlapping_template, "overlapping-template", "Overlapping template matching",
     [](const BitSequence& b, const Parameters& p) -> Outcomes { return {overlapping_template(b, p.overlap)}; }},
    {Test::universal, "universal", "Maurer's universal", one<universal>},
    {Test::linear_complexity, "linear-complexity", "Linear complexity",
     [](const BitSequence& b, const Parameters& p) -> Outcomes {
       return {linear_complexity(b, p.complexity_block, p.lowest)};
     }},
    {Test::serial, "serial", "Serial",
     [](const BitSequence& b, const Parameters& p) {
       return serial(b, p.serial_pattern != 0 ? p.serial_pattern : serial_pattern(b.size()));
     }},
    {Test::approximate_entropy, "approximate-entropy", "Approximate entropy",
     [](const BitSequence& b, const Parameters& p) -> Outcomes {
       return {approximate_entropy(b, p.entropy_pattern != 0 ? p.entropy_pattern : entropy_pattern(b.size()))};
     }},
    {Test::cumulative_sums, "cumulative-sums", "Cumulative sums", many<cumulative_sums>},
    {Test::random_excursions, "random-excursions", "Random excursions", many<random_excursions>},
    {Test::random_excursions_variant, "random-excursions-variant", "Random excursions variant",
     many<random_excursions_variant>},
}};

const Entry& entry(Test test) {
  return kTests[static_cast<std::size_t>(test)];
}

}  // namespace

std::vector<Test> all_tests() {
  std::vector<Test> tests;
  for (const Entry& e : kTests) tests.push_back(e.test);
  return tests;
}

std::string to_string(Test test) {
  return entry(test).name;
}

std::string title(Test test) {
  return entry(test).title;
}

Test find_test(const std::string& name) {
  std::string names;
  for (const Entry& e : kTests) {
    if (e.name == name) return e.test;
    names += (names.empty() ? "" : ", ") + std::string(e.name);
  }
  throw UsageError("there is no test '" + name + "'; there are " + names);
}

Parameters nist_program() {
  Parameters p;
  p.frequency_block = 128;
  p.overlap = OverlapChances::asymptotic;
  p.lowest = LowestClass::printed;
  return p;
}

Outcomes run_test(Test test, const BitSequence& bits, const Parameters& parameters) {
  return entry(test).run(bits, parameters);
}

std::vector<Variant> variants_of(const std::vector<Test>& tests) {
  // No test applies to no bits, and each says so for every variant that it has.
  std::vector<Variant> variants;
  for (const Test test : tests) {
    for (const Outcome& o : run_test(test, {})) variants.push_back({test, o.variant});
  }
  return variants;
}

Outcomes run_tests(const std::vector<Test>& tests, const BitSequence& bits, const Parameters& parameters) {
  Outcomes all;
  for (const Test test : tests) {
    for (Outcome& o : run_test(test, bits, parameters)) all.push_back(std::move(o));
  }
  return all;
}

}  // namespace obscura::randomness
