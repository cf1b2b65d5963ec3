#include "study/audit/randomness.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "base/error.h"
#include "base/parallel.h"
#include "base/progress.h"
#include "base/stopwatch.h"
#include "report/text.h"

namespace obscura::study {
namespace {

using randomness::BitSequence;

/// Cuts a stream into sequences.
class Cutter {
 public:
  Cutter(const BitSource& source, std::size_t bits, std::size_t most) : source_(source), bits_(bits), left_(most) {}

  /// Up to `count` more.
  std::vector<BitSequence> next(std::size_t count) {
    std::vector<BitSequence> sequences;
    while (left_ > 0 && sequences.size() < count && fill()) {
      sequences.push_back(buffer_.take(bits_));
      --left_;
    }
    return sequences;
  }
  /// Bits that are no whole sequence.
  std::size_t rest() const { return buffer_.size(); }

 private:
  bool fill() {
    while (buffer_.size() < bits_) {
      if (!source_.more(buffer_)) return false;
    }
    return true;
  }

  const BitSource& source_;
  std::size_t bits_, left_;
  BitSequence buffer_;
};

std::vector<randomness::Test> wanted_tests(const std::vector<std::string>& names) {
  if (names.empty()) return randomness::all_tests();
  std::vector<randomness::Test> tests;
  for (const auto& name : names) {
    const auto test = randomness::find_test(name);
    if (std::find(tests.begin(), tests.end(), test) == tests.end()) tests.push_back(test);
  }
  return tests;
}

void keep(SourceAudit& audit, const randomness::Outcomes& outcomes) {
  audit.reasons.resize(outcomes.size());
  auto& p = audit.p.emplace_back();
  for (std::size_t v = 0; v < outcomes.size(); ++v) {
    p.push_back(outcomes[v].p);
    if (audit.reasons[v].empty()) audit.reasons[v] = outcomes[v].reason;
  }
}

randomness::Verdict verdict_of(const SourceAudit& audit, const std::vector<randomness::Variant>& variants,
                               double alpha) {
  std::vector<std::vector<double>> p(variants.size());
  for (const auto& sequence : audit.p) {
    for (std::size_t v = 0; v < variants.size(); ++v) {
      if (sequence[v]) p[v].push_back(*sequence[v]);
    }
  }
  return randomness::judge(variants, p, alpha);
}

std::size_t most_sequences(const RandomnessOptions& o) {
  if (o.sequences != 0) return o.sequences;
  return o.source.files.empty() && o.source.memory.empty() ? kUsualSequences : std::numeric_limits<std::size_t>::max();
}

}  // namespace

SourceAudit audit_source(const BitSource& source, const RandomnessOptions& o,
                         const std::vector<randomness::Test>& tests, bool progress) {
  const Stopwatch watch;
  const auto parameters = o.nist_program ? randomness::nist_program() : randomness::Parameters{};
  ThreadPool pool(o.threads);
  Progress line("testing " + source.name, o.sequences, "sequences", progress);
  Cutter cutter(source, o.bits, most_sequences(o));
  SourceAudit audit{source.name, source.how, {}, {}, {}, o.bits, 0};
  std::vector<BitSequence> batch = cutter.next(pool.threads());
  while (!batch.empty()) {
    std::vector<BitSequence> following;
    std::vector<randomness::Outcomes> outcomes(batch.size());
    // Piece 0 makes what comes next; it begins first.
    pool.parallel_for(batch.size() + 1, [&](std::size_t i) {
      if (i == 0) {
        following = cutter.next(pool.threads());
      } else {
        outcomes[i - 1] = randomness::run_tests(tests, batch[i - 1], parameters);
        line.advance();
      }
    });
    for (const auto& one : outcomes) keep(audit, one);
    batch = std::move(following);
  }
  if (audit.p.empty()) {
    throw ParameterError(fmt::format("{} has {} bits, and a sequence has {}: --bits takes fewer", source.name,
                                     report::count_text(static_cast<double>(cutter.rest())),
                                     report::count_text(static_cast<double>(o.bits))));
  }
  audit.verdict = verdict_of(audit, randomness::variants_of(tests), o.alpha);
  audit.seconds = watch.seconds();
  return audit;
}

RandomnessAudit audit_randomness(const RandomnessOptions& o, const Notes& note, bool progress) {
  const Stopwatch watch;
  const auto tests = wanted_tests(o.only);
  RandomnessAudit audit{o, randomness::variants_of(tests), {}, 0};
  for (const BitSource& source : bit_sources(o.source, note)) {
    audit.sources.push_back(audit_source(source, o, tests, progress));
  }
  audit.seconds = watch.seconds();
  return audit;
}

}  // namespace obscura::study
