#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "report/networks/sections.h"
#include "report/text.h"

namespace obscura::report {
namespace {

using nlohmann::ordered_json;

std::vector<const ReportRow*> all_rows(const Report& report) {
  std::vector<const ReportRow*> rows;
  for (const auto& row : report.rows) rows.push_back(&row);
  return rows;
}

Table table_of_all(const Report& report, std::string title, std::vector<std::string> headings, std::string align) {
  return {std::move(title), std::move(headings), std::move(align), {}, row_notes(all_rows(report))};
}

/// Both runs of every row, those that were made.
template <typename Use>
void each_run(const Report& report, Use use) {
  for (const auto& row : report.rows) {
    if (row.whole.is_object()) use(row, row.whole);
    if (row.single.is_object()) use(row, row.single);
  }
}

double per_image(const ordered_json& run, const char* path) {
  return number_at(run, path) / number_at(run, "images");
}

double paper_seconds(const ReportRow& row) {
  const PaperRow* paper = find_paper_row(row.key);
  return paper == nullptr ? std::numeric_limits<double>::quiet_NaN() : paper->seconds_per_image();
}

const ordered_json& member(const ordered_json& json, const char* name) {
  static const ordered_json kNull;
  const auto at = json.is_object() ? json.find(name) : json.end();
  return at == json.end() ? kNull : *at;
}

std::vector<std::string> class_names(const ordered_json& run) {
  std::vector<std::string> names;
  const ordered_json& list = member(run, "classes");
  if (!list.is_array()) return names;
  for (const auto& name : list) names.push_back(name.is_string() ? name.get<std::string>() : "?");
  return names;
}

Matrix matrix_of(const ReportRow& row) {
  const ordered_json& run = accuracy_run(row);
  Matrix matrix{fmt::format("{}: {}", row_label(row), percent_text(number_at(run, "encrypted_accuracy"))),
                class_names(run),
                {},
                {}};
  for (const auto& counts : member(run, "confusion")) matrix.counts.push_back(counts_of(counts));
  for (const auto& one : member(run, "per_class")) matrix.f1.push_back(number_at(one, "f1"));
  return matrix;
}

}  // namespace

Table latency_table(const Report& report) {
  Table table = table_of_all(report, "One image alone, on one thread (packed)",
                             {"Network", "Images", "Encrypt", "Expand", "Evaluate", "Evaluate, median", "Decrypt",
                              "All of it", "Paper", "Speed-up"},
                             "l");
  table.notes.insert(table.notes.begin(),
                     "Means over the images, one after another. Paper: its time for the whole test set over 10,000; it "
                     "classifies one image at a time.");
  for (const auto& row : report.rows) {
    const ordered_json& run = row.single;
    table.rows.push_back({row_label(row), count_text(number_at(run, "images")),
                          span_text(per_image(run, "seconds.encrypt")), span_text(per_image(run, "seconds.expand")),
                          span_text(per_image(run, "seconds.evaluate")),
                          span_text(number_at(run, "median_milliseconds_per_image") / 1e3),
                          span_text(per_image(run, "seconds.decrypt")), span_text(single_seconds(row)),
                          span_text(paper_seconds(row)), factor_text(paper_seconds(row) / single_seconds(row))});
  }
  return table;
}

Table agreement_table(const Report& report) {
  Table table = table_of_all(report, "Encrypted against plain, image by image",
                             {"Network", "Mode", "Images", "Same class", "Other class", "Largest logit error",
                              "rms logit error", "Predicted rms"},
                             "ll");
  table.notes.insert(table.notes.begin(),
                     "The plain run is single precision on the same images and weights; an error is the difference of "
                     "one logit. Predicted: by the compiler, before anything was encrypted.");
  each_run(report, [&](const ReportRow& row, const ordered_json& run) {
    const double images = number_at(run, "images"), agreement = number_at(run, "agreement");
    table.rows.push_back({row_label(row), text_at(run, "mode"), count_text(images), percent_text(agreement),
                          count_text(std::round(images * (1 - agreement))),
                          small_text(number_at(run, "max_logit_error")), small_text(number_at(run, "rms_logit_error")),
                          small_text(number_at(run, "predicted_logit_error"))});
  });
  return table;
}

Table parameter_table(const Report& report) {
  Table table = table_of_all(report, "Parameters, and what is done once before",
                             {"Network", "Mode", "log N", "log Q", "log QP", "Levels", "Security, bits",
                              "Images a query", "Compile", "Keys", "Encode, expand keys"},
                             "ll");
  table.notes.insert(table.notes.begin(),
                     "Security: classical, estimated by the table of the 2024 guidelines (ePrint 2024/463).");
  each_run(report, [&](const ReportRow& row, const ordered_json& run) {
    table.rows.push_back(
        {row_label(row), text_at(run, "mode"), count_text(number_at(run, "parameters.log_n")),
         fixed_text(number_at(run, "parameters.log_q"), 1), fixed_text(number_at(run, "parameters.log_qp"), 1),
         count_text(number_at(run, "parameters.levels")), count_text(number_at(run, "parameters.security_bits")),
         count_text(number_at(run, "images_per_query")), span_text(number_at(run, "seconds.compile")),
         span_text(number_at(run, "seconds.keys")), span_text(number_at(run, "seconds.prepare"))});
  });
  return table;
}

Table size_table(const Report& report) {
  Table table = table_of_all(
      report, "What travels and what is held",
      {"Network", "Mode", "Query", "Answer", "Query an image", "Answer an image", "Evaluation keys, once", "Memory"},
      "ll");
  table.notes.insert(table.notes.begin(),
                     "Memory: the most that the process held: owner, server, plain run and data set together.");
  each_run(report, [&](const ReportRow& row, const ordered_json& run) {
    const double query = number_at(run, "bytes.upload"), answer = number_at(run, "bytes.reply");
    const double images = number_at(run, "images_per_query");
    table.rows.push_back({row_label(row), text_at(run, "mode"), size_text(query), size_text(answer),
                          size_text(query / images), size_text(answer / images),
                          size_text(number_at(run, "bytes.evaluation_keys")),
                          size_text(1e6 * number_at(run, "peak_memory_mb"))});
  });
  return table;
}

Table network_table(const Report& report) {
  Table table =
      table_of_all(report, "Networks", {"Network", "Data set", "Model", "Trained by", "SHA-256 of the file"}, "llllll");
  for (const auto& row : report.rows) {
    table.rows.push_back({row_label(row), row.dataset, row.summary, row.command.empty() ? kNothing : row.command,
                          row.digest.empty() ? kNothing : row.digest});
  }
  return table;
}

Matrices confusion_pictures(const Report& report) {
  Matrices all;
  for (const auto& row : report.rows) {
    if (accuracy_run(row).is_object()) all.pictures.push_back(matrix_of(row));
  }
  return all;
}

Histograms error_pictures(const Report& report) {
  Histograms all;
  for (const auto& row : report.rows) {
    const ordered_json& run = accuracy_run(row);
    const ordered_json& errors = member(run, "logit_error_histogram");
    if (!errors.is_object()) continue;
    const double bins = number_at(errors, "bins_per_decade");
    all.pictures.push_back({fmt::format("{}, {}", row_label(row), text_at(run, "mode")),
                            number_at(errors, "log10_first"), bins >= 1 && bins <= 100 ? static_cast<int>(bins) : 1,
                            counts_of(member(errors, "counts"))});
  }
  return all;
}

}  // namespace obscura::report
