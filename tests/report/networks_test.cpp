#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <regex>

#include "base/error.h"
#include "report/networks/data.h"
#include "report/networks/paper.h"
#include "report/svg.h"
#include "report/text.h"

namespace obscura::report {
namespace {

using nlohmann::ordered_json;
using testing::HasSubstr;
using testing::Not;

const std::string kEvil = "<script>alert('&\"|*_`')</script>";

ordered_json made_up_run(const std::string& mode, std::size_t images, std::size_t threads) {
  return {{"mode", mode},
          {"images", images},
          {"threads", threads},
          {"plain_accuracy", 0.9871},
          {"encrypted_accuracy", 0.9869},
          {"f1_macro", 0.9866},
          {"plain_f1_macro", 0.9868},
          {"agreement", 0.9997},
          {"max_logit_error", 1.5e-3},
          {"rms_logit_error", 2e-4},
          {"predicted_logit_error", 1.8e-4},
          {"seconds",
           {{"encrypt", 1.0},
            {"expand", 0.5},
            {"evaluate", 4.0},
            {"decrypt", 0.25},
            {"total", 5.75},
            {"compile", 0.1},
            {"keys", 0.2},
            {"prepare", 0.3},
            {"plain", 0.7}}},
          {"median_milliseconds_per_image", 17.5},
          {"images_per_query", mode == "packed" ? 1 : 4096},
          {"bytes", {{"upload", 101200000}, {"reply", 573800}, {"evaluation_keys", 13000000}}},
          {"peak_memory_mb", 1140.5},
          {"parameters", {{"log_n", 13}, {"log_q", 126.0}, {"log_qp", 175.0}, {"security_bits", 159}, {"levels", 2}}},
          {"classes", {"zero", kEvil}},
          {"confusion", {{4999, 1}, {3, 4997}}},
          {"per_class", {{{"f1", 0.99}}, {{"f1", 0.98}}}},
          {"logit_error_histogram",
           {{"log10_first", -10}, {"bins_per_decade", 2}, {"counts", {0, 0, 0, 0, 0, 7, 9, 1, 0, 0}}}}};
}

ReportRow made_up_row(const std::string& key, const std::string& title) {
  ReportRow row;
  row.key = key;
  row.title = title;
  row.model = "cryptondl1";
  row.summary = "layers";
  row.dataset = "mnist";
  row.network = "models/" + kEvil + ".onnx";
  row.digest = std::string(64, 'a');
  row.command = "obscura train --model cryptondl1 --dataset mnist --out x.onnx --seed 1 --threads 1";
  row.whole = made_up_run("batched", 10000, 2);
  row.single = made_up_run("packed", 100, 1);
  return row;
}

Report made_up_report() {
  Report report{"cryptondl", "1.2.3", "Release", "2026-01-01 00:00 UTC", kEvil, "ifma", "obscura reproduce", false, {}};
  report.rows.push_back(made_up_row("cryptondl1-mnist", "CryptonDL-MNIST"));
  report.rows.push_back(made_up_row("cryptondl1-kmnist", "CryptonDL-Kuzushiji MNIST"));
  report.rows.back().dataset = "kmnist-split";
  report.rows.back().other_data = true;
  report.rows.push_back(made_up_row("obscura-s-mnist", kEvil));
  ReportRow missing;
  missing.key = "tenseal-mnist", missing.title = "TenSEAL-MNIST", missing.problem = "no " + kEvil;
  report.rows.push_back(missing);
  return report;
}

/// Every element that is opened is closed, in order.
void expect_balanced(const std::string& html) {
  const std::regex tag("<(/?)([a-zA-Z][a-zA-Z0-9]*)((?:\"[^\"]*\"|[^<>\"])*)>");
  std::vector<std::string> open;
  for (auto at = std::sregex_iterator(html.begin(), html.end(), tag); at != std::sregex_iterator(); ++at) {
    const std::string attributes = (*at)[3];
    if (attributes.ends_with("/")) continue;
    if ((*at)[1] == "") {
      open.push_back((*at)[2]);
      continue;
    }
    ASSERT_FALSE(open.empty()) << at->str();
    ASSERT_EQ(open.back(), (*at)[2].str());
    open.pop_back();
  }
  EXPECT_TRUE(open.empty());
}

TEST(ReportHtml, IsOneWholePageWithEverythingEscaped) {
  const std::string html = to_html(report_document(made_up_report()));
  expect_balanced(html);
  EXPECT_THAT(html, Not(HasSubstr("<script")));
  EXPECT_THAT(html, HasSubstr("&lt;script&gt;"));
  for (const char* outside : {"http://", "https://", "src=", "href=", "@import", "url("}) {
    EXPECT_THAT(html, Not(HasSubstr(outside)));
  }
}

TEST(ReportHtml, ShowsThePapersFiguresBesideOurs) {
  const std::string html = to_html(report_document(made_up_report()));
  for (const char* part : {"98.32 %", "98.69 %", "+0.37", "5 h 53 min 8 s", "5.75 s", "0.9832", "0.9866", "99.97 %",
                           "own split", "8,000 of its 10,000", "159", "as in the paper", "9 input channels"}) {
    EXPECT_THAT(html, HasSubstr(part)) << part;
  }
}

TEST(ReportMarkdown, TablesHaveAsManyCellsAsHeadings) {
  const std::string text = to_markdown(report_document(made_up_report()));
  std::istringstream lines(text);
  std::size_t columns = 0, tables = 0;
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("|")) {
      columns = 0;
      continue;
    }
    std::size_t bars = 0;
    for (std::size_t i = 0; i < line.size(); ++i) bars += line[i] == '|' && (i == 0 || line[i - 1] != '\\');
    if (columns == 0) ++tables;
    if (columns == 0) columns = bars;
    EXPECT_EQ(bars, columns) << line;
  }
  EXPECT_GE(tables, 10);
  EXPECT_THAT(text, Not(HasSubstr("<script")));
  EXPECT_THAT(text, HasSubstr("own split"));
}

TEST(ReportJson, GoesRound) {
  const ordered_json json = report_json(made_up_report());
  const Report again = read_report(ordered_json::parse(json.dump()));
  EXPECT_EQ(report_json(again), json);
  EXPECT_TRUE(to_html(report_document(again)) == to_html(report_document(made_up_report())));
}

TEST(ReportJson, OtherJsonIsRefused) {
  for (const char* text :
       {"{}", "[]", "3", R"({"kind": "obscura report", "format": 1})", R"({"kind": "obscura report", "format": 9})"}) {
    EXPECT_THROW(read_report(ordered_json::parse(text)), FormatError) << text;
  }
}

TEST(Report, SurvivesResultsOfAnyShape) {
  for (const char* text : {"{}", R"({"confusion": 3, "classes": {}, "logit_error_histogram": {"counts": "x"}})",
                           R"({"confusion": [[1, -2], "x", []], "per_class": [1], "seconds": 4, "mode": 7})",
                           R"({"logit_error_histogram": {"bins_per_decade": 1e99, "counts": [1, 2]}})"}) {
    Report report = made_up_report();
    report.rows[0].whole = ordered_json::parse(text);
    report.rows[1].single = ordered_json::parse(text);
    expect_balanced(to_html(report_document(report)));
    to_markdown(report_document(report));
  }
}

TEST(Report, NetworksTrainedOtherwiseSaySo) {
  Report report = made_up_report();
  report.rows[0].command += " --epochs 20";
  const std::string html = to_html(report_document(report));
  EXPECT_THAT(html, HasSubstr("otherwise: --epochs 20"));
  EXPECT_THAT(html,
              HasSubstr("Not counted, as trained otherwise than printed or unknown how: CryptonDL-MNIST (+0.37)"));
  EXPECT_THAT(html, Not(HasSubstr("reaches the paper")));
}

TEST(ReportPaper, FiguresFitTogether) {
  ASSERT_EQ(paper_rows().size(), 6);
  double seconds = 0;
  for (const PaperRow& row : paper_rows()) {
    EXPECT_NEAR(row.plain_f1, row.plain_accuracy(), 1e-9) << row.name;
    // The one exception is among the remarks.
    const bool exchanged = std::string(row.key) == "tenseal-mnist";
    EXPECT_NEAR(row.encrypted_f1, row.encrypted_accuracy() + (exchanged ? 0.003 : 0), 1e-9) << row.name;
    EXPECT_EQ(find_paper_row(row.key), &row);
    seconds += row.encrypted_seconds;
  }
  EXPECT_EQ(span_text(seconds), "27 h 35 min 14 s");
  EXPECT_EQ(find_paper_row("nothing"), nullptr);
}

TEST(ReportText, WritesNumbersForPeople) {
  const double none = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(span_text(21188), "5 h 53 min 8 s");
  EXPECT_EQ(span_text(3 * 3600 + 12 * 60), "3 h 12 min");
  EXPECT_EQ(span_text(4.206), "4.21 s");
  EXPECT_EQ(span_text(0.0123), "12.3 ms");
  EXPECT_EQ(percent_text(0.9832), "98.32 %");
  EXPECT_EQ(points_text(0.98, 0.985), "-0.50");
  EXPECT_EQ(points_text(0.98320001, 0.9832), "0.00");
  EXPECT_EQ(factor_text(1234.4), "1,234 x");
  EXPECT_EQ(factor_text(2.44), "2.4 x");
  EXPECT_EQ(count_text(1234567), "1,234,567");
  EXPECT_EQ(count_text(100), "100");
  EXPECT_EQ(size_text(101.2e6), "101.2 MB");
  for (const auto& text : {span_text(none), percent_text(none), points_text(none, 1), factor_text(none),
                           count_text(none), size_text(none), small_text(none), fixed_text(none, 2)}) {
    EXPECT_EQ(text, kNothing);
  }
}

TEST(ReportText, ForeignBytesBecomeQuestionMarks) {
  EXPECT_EQ(escape_html("a\xff\xc3z\x01"), "a??z?");
  EXPECT_EQ(escape_html("\xe3\x81\x8a \xc3\xa9"), "\xe3\x81\x8a \xc3\xa9");
  EXPECT_EQ(escape_html("\xed\xa0\x80"), "???");
  EXPECT_EQ(escape_markdown("a|b\nc*"), "a\\|b c\\*");
}

TEST(ReportSvg, PicturesOfNothingAreEmpty) {
  EXPECT_EQ(matrix_svg({}), "");
  EXPECT_EQ(histogram_svg({"t", -10, 4, {0, 0}}), "");
  EXPECT_EQ(comparison_svg({}), "");
}

TEST(ReportSvg, ComparisonsOutliveMissingTimes) {
  Comparison comparison{"t", "a", "b", {}};
  comparison.pairs.push_back({"x", std::numeric_limits<double>::quiet_NaN(), 0});
  expect_balanced(comparison_svg(comparison));
  EXPECT_THAT(comparison_svg(comparison), HasSubstr("not measured"));
}

}  // namespace
}  // namespace obscura::report
