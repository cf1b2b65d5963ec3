#include "report/document.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/networks/sections.h"
#include "report/text.h"

namespace obscura::report {
namespace {

/// Least and most of some numbers; those that were not measured do not count.
struct Range {
  double least = 1e300, most = -1e300;
  void add(double value) {
    if (!std::isfinite(value)) return;
    least = std::min(least, value), most = std::max(most, value);
  }
  bool empty() const { return least > most; }
  std::string text(std::string (*write)(double)) const {
    const std::string low = write(least), high = write(most);
    return low == high ? low : low + " to " + high;
  }
};

std::string measured_text(const Report& report) {
  std::size_t measured = 0;
  for (const auto& row : report.rows) measured += accuracy_run(row).is_object();
  if (measured == report.rows.size()) {
    return measured == 1 ? "One network was measured." : fmt::format("All {} networks were measured.", measured);
  }
  return fmt::format("{} of {} networks were measured; what is missing is said below.", measured, report.rows.size());
}

void add_item(std::string& list, const std::string& item) {
  list += fmt::format("{}{}", list.empty() ? "" : ", ", item);
}

/// How many networks do at least as well as the paper's, of those that saw the same images and were trained as it says.
/// The others are named, not counted: what was tuned until it passed is no repetition.
std::string accuracy_text(const Report& report) {
  std::size_t comparable = 0, reached = 0;
  std::string below, otherwise;
  for (const ReportRow* row : rows_of_paper(report)) {
    const double accuracy = number_at(accuracy_run(*row), "encrypted_accuracy");
    if (row->other_data || !std::isfinite(accuracy)) continue;
    const double paper = find_paper_row(row->key)->encrypted_accuracy();
    const std::string item = fmt::format("{} ({})", row->title, points_text(accuracy, paper));
    if (recipe_text(*row) != kPaperRecipe) {
      add_item(otherwise, item);
      continue;
    }
    ++comparable;
    reached += accuracy >= paper;
    if (accuracy < paper) add_item(below, item);
  }
  std::string text;
  if (comparable > 0) {
    text = fmt::format("Encrypted accuracy reaches the paper's in {} of {} rows with its images and its recipe{}{}.",
                       reached, comparable, below.empty() ? "" : "; below it: ", below);
  }
  if (!otherwise.empty()) {
    text += fmt::format("{}Not counted, as trained otherwise than printed or unknown how: {}.", text.empty() ? "" : " ",
                        otherwise);
  }
  return text;
}

std::string whole_text(const Report& report) {
  Range factors, seconds;
  for (const ReportRow* row : rows_of_paper(report)) {
    const double own = whole_seconds_per_image(*row);
    if (!std::isfinite(own)) continue;
    factors.add(find_paper_row(row->key)->seconds_per_image() / own);
    seconds.add(number_at(row->whole, "seconds.total"));
  }
  if (factors.empty()) return "";
  return fmt::format(
      "All images of a run, encrypted, classified and decrypted: {}; an image is done {} times faster than in the "
      "paper.",
      seconds.text(span_text), factors.text(count_text));
}

std::string single_text(const Report& report) {
  Range seconds;
  for (const auto& row : report.rows) seconds.add(single_seconds(row));
  if (seconds.empty()) return "";
  const bool paper = !rows_of_paper(report).empty();
  return fmt::format("One image alone on one thread, from encryption to decryption: {}{}.", seconds.text(span_text),
                     paper ? " (the paper's networks take 1.03 to 2.47 s)" : "");
}

std::string agreement_text(const Report& report) {
  Range shares, bits;
  for (const auto& row : report.rows) {
    shares.add(number_at(accuracy_run(row), "agreement"));
    bits.add(number_at(accuracy_run(row), "parameters.security_bits"));
    bits.add(number_at(row.single, "parameters.security_bits"));
  }
  if (shares.empty()) return "";
  return fmt::format("Encrypted and plain runs name the same class for {} of the images, at {} bits of security.",
                     shares.text(percent_text), bits.text(count_text));
}

Section glance(const Report& report) {
  Section section{"At a glance", {}};
  Bullets bullets;
  for (const auto& text : {measured_text(report), accuracy_text(report), whole_text(report), single_text(report),
                           agreement_text(report)}) {
    if (!text.empty()) bullets.items.push_back(text);
  }
  section.blocks.emplace_back(std::move(bullets));
  if (report.quick) {
    section.blocks.emplace_back(Paragraph{"A quick run on few images: times hold, accuracies are rough.", true});
  }
  for (const auto& row : report.rows) {
    if (!row.problem.empty()) section.blocks.emplace_back(Paragraph{row.title + ": " + row.problem, true});
  }
  Comparison times{"Encrypted classification, seconds an image", "paper", "ours, many together", {}};
  for (const ReportRow* row : rows_of_paper(report)) {
    times.pairs.push_back(
        {row_label(*row), find_paper_row(row->key)->seconds_per_image(), whole_seconds_per_image(*row)});
  }
  if (!times.pairs.empty()) section.blocks.emplace_back(std::move(times));
  return section;
}

Section paper_tables(const Report& report) {
  return {"The paper's tables, ours beside",
          {plain_table(report), encrypted_table(report), joint_table(report), training_table(report)}};
}

Section quality(const Report& report) {
  Section section{"What was right and what was taken for what", {}};
  section.blocks.emplace_back(Paragraph{
      "Confusion matrices of the encrypted runs. Colours go by the square root of the share, so that a single mistake "
      "is seen.",
      false});
  section.blocks.emplace_back(confusion_pictures(report));
  return section;
}

Section errors(const Report& report) {
  Section section{"How exact encrypted arithmetic is", {agreement_table(report)}};
  section.blocks.emplace_back(
      Paragraph{"How often a logit of the encrypted run differed from the plain one by how much:", false});
  section.blocks.emplace_back(error_pictures(report));
  return section;
}

Section machine(const Report& report) {
  Table table{"", {"", ""}, "ll", {}, {}};
  Range threads;
  for (const auto& row : report.rows) {
    threads.add(number_at(row.whole, "threads"));
    threads.add(number_at(row.single, "threads"));
  }
  table.rows = {{"Processor", report.machine},
                {"Kernels", report.isa},
                {"Threads", threads.empty() ? kNothing : threads.text(count_text)},
                {"Program", fmt::format("obscura {} ({})", report.version, report.build)},
                {"Date", report.date},
                {"Images", "the first of each test set, in their order"},
                {"Randomness",
                 "keys and encryption noise come from the operating system, so logit errors differ from "
                 "run to run; training seeds are in the network files"}};
  Section section{"Machine and how to repeat it", {table, network_table(report)}};
  section.blocks.emplace_back(Commands{{report.command}});
  return section;
}

std::string title_of(const Report& report) {
  if (rows_of_paper(report).empty()) return "Obscura's own networks on encrypted images";
  return "CryptonDL's tables again, on encrypted images";
}

}  // namespace

Document report_document(const Report& report) {
  Document document{title_of(report), "", {}};
  document.subtitle = fmt::format("obscura {} on {}, {}{}", report.version, report.machine, report.date,
                                  report.quick ? ", quick run on few images" : "");
  const bool paper = !rows_of_paper(report).empty();
  document.sections.push_back(glance(report));
  if (paper) document.sections.push_back(paper_tables(report));
  if (!rows_of_own(report).empty()) document.sections.push_back({"Obscura's own networks", {own_table(report)}});
  document.sections.push_back({"One image", {latency_table(report)}});
  document.sections.push_back(quality(report));
  document.sections.push_back(errors(report));
  document.sections.push_back({"Parameters and sizes", {parameter_table(report), size_table(report)}});
  if (paper) {
    document.sections.push_back(
        {"The paper's figures, read closely", {Paragraph{paper_citation() + ".", false}, Bullets{paper_remarks()}}});
  }
  document.sections.push_back(machine(report));
  return document;
}

}  // namespace obscura::report
