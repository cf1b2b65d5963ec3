#include "study/audit/randomness_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "base/machine.h"
#include "base/version.h"
#include "report/text.h"

namespace obscura::study {
namespace {

using randomness::Standing;
using randomness::VariantVerdict;
using report::count_text;
using report::fixed_text;

std::string p_text(double p) {
  if (p == 0) return "0";
  return p >= 0.0001 ? fixed_text(p, 6) : report::small_text(p);
}

/// Verdicts of the variants of one test.
using OfTest = std::vector<const VariantVerdict*>;

std::map<randomness::Test, OfTest> by_test(const randomness::Verdict& verdict) {
  std::map<randomness::Test, OfTest> tests;
  for (const auto& v : verdict.variants) tests[v.variant.test].push_back(&v);
  return tests;
}

std::string standing_text(const OfTest& variants) {
  std::map<Standing, std::size_t> count;
  for (const auto* v : variants) ++count[v->standing];
  for (const Standing worst : {Standing::fails, Standing::too_few, Standing::passes, Standing::not_applicable}) {
    if (count[worst] == 0) continue;
    const std::string word = to_string(worst);
    return worst == Standing::fails && variants.size() > 1 ? fmt::format("{} of {} fail", count[worst], variants.size())
                                                           : word;
  }
  return report::kNothing;
}

std::vector<std::string> test_row(randomness::Test test, const OfTest& variants) {
  const VariantVerdict *worst = nullptr, *uneven = nullptr;
  double smallest = 1;
  for (const auto* v : variants) {
    if (v->sequences == 0) continue;
    smallest = std::min(smallest, v->smallest_p);
    if (worst == nullptr || v->proportion() < worst->proportion()) worst = v;
    if (v->uniformity && (uneven == nullptr || *v->uniformity < *uneven->uniformity)) uneven = v;
  }
  std::vector<std::string> row{randomness::title(test), std::to_string(variants.size())};
  if (worst == nullptr) {
    row.insert(row.end(), {"0", report::kNothing, report::kNothing, report::kNothing, report::kNothing});
  } else {
    row.insert(row.end(), {count_text(static_cast<double>(worst->sequences)), p_text(smallest),
                           fixed_text(worst->proportion(), 4), fixed_text(std::max(worst->low, 0.0), 4),
                           uneven == nullptr ? report::kNothing : p_text(*uneven->uniformity)});
  }
  row.push_back(standing_text(variants));
  return row;
}

/// The share of all p-values that is at most x: a straight line of true randomness.
report::Plot::Series spread(const SourceAudit& source) {
  constexpr std::size_t kSteps = 50;
  std::vector<double> counts(kSteps + 1);
  double all = 0;
  for (const auto& sequence : source.p) {
    for (const auto& p : sequence) {
      if (!p) continue;
      ++counts[static_cast<std::size_t>(std::ceil(*p * kSteps))];
      ++all;
    }
  }
  report::Plot::Series series{source.name, {}};
  double sum = 0;
  for (std::size_t i = 0; i <= kSteps && all > 0; ++i) {
    sum += counts[i];
    series.points.push_back({static_cast<double>(i) / kSteps, sum / all});
  }
  return series;
}

report::Section glance(const RandomnessAudit& audit) {
  report::Section section{"At a glance", {}};
  section.blocks.emplace_back(report::Paragraph{randomness_caution(), true});
  report::Bullets bullets;
  for (const auto& source : audit.sources) bullets.items.push_back(source.name + " " + verdict_text(source));
  section.blocks.emplace_back(std::move(bullets));
  report::Plot plot;
  plot.title = "All p-values: uniform ones follow the diagonal";
  plot.x_title = "p", plot.y_title = "share of p-values up to it";
  for (const auto& source : audit.sources) plot.series.push_back(spread(source));
  section.blocks.emplace_back(std::move(plot));
  return section;
}

report::Section method(const RandomnessAudit& audit, const std::string& command) {
  report::Bullets bullets;
  bullets.items = {
      fmt::format("NIST SP 800-22 rev. 1a, sequences of {} bits, alpha {:g}, parameters {}.",
                  count_text(static_cast<double>(audit.options.bits)), audit.options.alpha,
                  audit.options.nist_program ? "of NIST's program sts 2.1.2" : "of the standard"),
      fmt::format(
          "The standard's verdict is one on each variant: the proportion of sequences with p >= alpha is within "
          "three standard deviations, and P_T, from {} sequences on, is at least {}. A perfect generator fails "
          "one now and then.",
          randomness::kLeastForUniformity, randomness::kLeastUniformity),
      fmt::format("The overall answer is Holm's procedure over the exact binomial tail of failures and P_T of all "
                  "variants (of fewer sequences, the smallest p in the place of P_T), at {:g}.",
                  randomness::kFalseAlarms)};
  for (const auto& source : audit.sources) bullets.items.push_back(source.name + ": " + source.how + ".");
  report::Table table{"", {"", ""}, "ll", {}, {}};
  table.rows = {{"Processor", cpu_model()},
                {"Program", fmt::format("obscura {} ({})", kVersion, kBuildType)},
                {"Time", report::span_text(audit.seconds)}};
  return {"How it was measured", {bullets, table, report::Commands{{command}}}};
}

}  // namespace

std::string randomness_caution() {
  return "Passing is necessary and proves nothing: these tests see no structure that a key explains. Ciphertexts of "
         "parameters that a lattice reduction breaks in a second pass as well (obscura audit params --toy).";
}

std::string verdict_text(const SourceAudit& source) {
  const auto& v = source.verdict;
  std::string text = v.looks_random() ? "looks random" : "does NOT look random";
  text += fmt::format(" ({} sequence{}; false alarms at most 1 in {:.0f})", source.p.size(),
                      source.p.size() == 1 ? "" : "s", 1 / randomness::kFalseAlarms);
  if (!v.looks_random()) {
    text += fmt::format("; {} of {} variants say so, {} first", v.guilty.size(), v.variants.size(),
                        v.variants[v.guilty.front()].variant.text());
  }
  text += fmt::format("; by the standard's verdict {} of {} variants fail, {:.1f} would by chance", v.failing,
                      v.variants.size(), v.failing_by_chance);
  if (source.p.size() < randomness::kLeastForUniformity) {
    text += fmt::format("; fewer than {} sequences: uniformity is not judged", randomness::kLeastForUniformity);
  }
  if (source.too_short()) {
    text += fmt::format(
        "; sequences of {} bits are too short for so many: their p-values go in steps, which may be all "
        "that fails",
        count_text(static_cast<double>(source.bits)));
  }
  return text;
}

report::Table test_table(const SourceAudit& source) {
  report::Table table{
      source.name,
      {"test", "variants", "sequences", "smallest p", "lowest proportion", "needed", "lowest P_T", "verdict"},
      "l",
      {},
      {}};
  for (const auto& [test, variants] : by_test(source.verdict)) table.rows.push_back(test_row(test, variants));
  for (std::size_t v = 0; v < source.reasons.size(); ++v) {
    const auto& variant = source.verdict.variants[v].variant;
    const bool first = v == 0 || source.verdict.variants[v - 1].variant.test != variant.test;
    if (!source.reasons[v].empty() && first) {
      table.notes.push_back(
          fmt::format("{}: not applicable to {} of {} sequences; {}.", randomness::title(variant.test),
                      source.p.size() - source.verdict.variants[v].sequences, source.p.size(), source.reasons[v]));
    }
  }
  return table;
}

report::Document randomness_document(const RandomnessAudit& audit, const std::string& command) {
  report::Document document{"Randomness", "The fifteen tests of NIST SP 800-22 rev. 1a", {}};
  document.sections.push_back(glance(audit));
  for (const auto& source : audit.sources) {
    report::Section section{source.name, {}};
    section.blocks.emplace_back(report::Paragraph{source.how + "."});
    section.blocks.emplace_back(
        report::Paragraph{source.name + " " + verdict_text(source) + ".", !source.verdict.looks_random()});
    report::Table table = test_table(source);
    table.title.clear();
    section.blocks.emplace_back(std::move(table));
    document.sections.push_back(std::move(section));
  }
  document.sections.push_back(method(audit, command));
  return document;
}

}  // namespace obscura::study
