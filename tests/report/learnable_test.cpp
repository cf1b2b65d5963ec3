#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/error.h"
#include "report/learnable/learnable.h"
#include "report/svg.h"
#include "report/text.h"

namespace obscura::report {
namespace {

using nlohmann::ordered_json;
using testing::HasSubstr;
using testing::Not;

const std::string kEvil = "<script>alert('&\"|*_`')</script>";

ordered_json curve(double accuracy, std::size_t epochs) {
  ordered_json list = ordered_json::array();
  for (std::size_t e = 1; e <= epochs; ++e)
    list.push_back({{"epoch", e}, {"seconds", 2.5}, {"validation_accuracy", 0.1 * static_cast<double>(e)}});
  return {{"command", "obscura train --network resnet8 " + kEvil},
          {"images", {{"training", 36000}, {"validation", 4000}, {"test", 10000}}},
          {"validation_from", "held_back"},
          {"test_accuracy", accuracy},
          {"test", {{"images", 10000}, {"interval", {accuracy - 0.01, accuracy + 0.01}}}},
          {"epochs", list}};
}

ordered_json evaluation(const std::string& pictures, double accuracy) {
  return {{"images", 10000},
          {"rows",
           {{{"network", "network"}, {"pictures", pictures}, {"accuracy", accuracy}},
            {{"network", "network"}, {"pictures", "protected with another key"}, {"accuracy", 0.1012}},
            {{"network", "plain network"}, {"pictures", "protected"}, {"accuracy", nullptr}}}}};
}

LearnableRow made_up(const std::string& key, double accuracy) {
  LearnableRow row;
  row.key = key;
  row.title = "pictures of " + key;
  row.dataset = "cifar-10";
  const bool plain = key.find("plain") != std::string::npos;
  if (!plain) row.plain = "plain", row.shield = "hill", row.promise = "hides little " + kEvil, row.block = 4;
  row.train = curve(accuracy, 8);
  row.evaluate = evaluation(plain ? "plain" : "protected", accuracy);
  row.version = "1.2.3", row.machine = kEvil, row.date = "2026-01-01", row.command = "obscura reproduce --only " + key;
  return row;
}

LearnableReport er_cnn_report() {
  LearnableReport report;
  report.subject = "er-cnn", report.version = "1.2.3", report.build = "Release", report.date = "2026-01-01";
  report.machine = kEvil, report.isa = "ifma", report.command = "obscura reproduce er-cnn";
  report.rows = {made_up("plain", 0.80), made_up("hill-4", 0.55), made_up("hill-4-adapt", 0.7801),
                 made_up("hill-4-match", 0.7799), made_up("hill-4-rounds", 0.76)};
  for (std::size_t i = 2; i < report.rows.size(); ++i) {
    report.rows[i].adapts = true;
    report.rows[i].reveal = {{"images", 200},
                             {"psnr", 12.5 + static_cast<double>(i)},
                             {"ssim", 0.5},
                             {"correlation", 0.6},
                             {"identified", 1.0}};
    report.rows[i].null = {
        {"images", 200}, {"psnr", 11.0}, {"ssim", 0.1}, {"correlation", 0.0625}, {"identified", 0.0}};
  }
  report.rows[4].rounds = 2;
  report.rows[4].train = curve(0.76, 16);
  report.rows[4].series = "rounds", report.rows[4].round = 1;
  report.figures = {{"4-5", "Figure 4-5: kernels", "4 is best", "of our own", {"hill-4-adapt", "hill-4-match"}, true},
                    {"5", "Section 5", "in rounds", "", {"hill-4-rounds", "hill-8-adapt"}, false},
                    {"5-9", "Figure 5-9", "ImageNet-21k", "no counterpart " + kEvil, {}, false}};
  LearnableRow missing = made_up("hill-8-adapt", 0);
  missing.train = missing.evaluate = nullptr, missing.problem = "no " + kEvil;
  report.rows.push_back(missing);
  report.attacks = {{"hill-4",
                     "obscura audit attack --key hill-4.json",
                     "",
                     {{"attacks",
                       {{{"attack", "match-statistics"},
                         {"threat", "ciphertext only"},
                         {"verdict", "the key is recovered"},
                         {"seconds", 3.5}},
                        {{"attack", "jigsaw"}, {"threat", "ciphertext only"}, {"problem", "too few"}}}}}}};
  report.strips = {{"plain <ones>", "pictures/strip-plain.png", {0xff, 0x00, 0x10, 0x20}}, {"none", "none.png", {}}};
  return report;
}

TEST(LearnableReport, GoalsAreJudgedByPointsAgainstTheirReference) {
  const auto er_cnn = goals(er_cnn_report());
  // The row that finds the key by itself was not run.
  ASSERT_EQ(er_cnn.size(), 2);
  EXPECT_TRUE(er_cnn[0].reached());
  EXPECT_EQ(er_cnn[0].verdict(),
            "Goal: hill 4x4 with the adaptation within 2 points of plain: reached: 78.01 % against 80.00 % (-1.99 "
            "points).");
  EXPECT_FALSE(er_cnn[1].reached());
  EXPECT_THAT(er_cnn[1].verdict(), HasSubstr("missed: 77.99 %"));

  LearnableReport color;
  color.subject = "color-neuracrypt";
  color.rows = {made_up("plain", 0.70), made_up("color-neuracrypt", 0.65), made_up("neuracrypt", 0.55),
                made_up("mnist-plain", 0.99), made_up("mnist-neuracrypt", std::nan(""))};
  const auto three = goals(color);
  ASSERT_EQ(three.size(), 3);
  EXPECT_TRUE(three[0].reached()) << "just five points";
  EXPECT_TRUE(three[1].reached()) << "just ten points";
  EXPECT_FALSE(three[2].measured());
  EXPECT_FALSE(three[2].reached());
  EXPECT_THAT(three[2].verdict(), HasSubstr("not measured"));
}

TEST(LearnableReport, GoalsOfRowsThatWereNotAskedForAreLeftOut) {
  LearnableReport report = er_cnn_report();
  report.rows.resize(2);
  EXPECT_TRUE(goals(report).empty());
}

TEST(LearnableReport, PageSaysWhatWasMeasuredAndEscapesIt) {
  const std::string html = to_html(learnable_document(er_cnn_report()));
  EXPECT_THAT(html, Not(HasSubstr("<script")));
  for (const char* part : {"78.01 %",
                           "-25.00",
                           "10.12 %",
                           "84.25 %",
                           "94.28 %",
                           "40,000 pictures, 8 epochs",
                           "20.00 s",
                           "14.50",
                           "77.0 to 79.0 %",
                           "10,000 test pictures",
                           "Figure 4-5: kernels (4-5)",
                           "4 is best",
                           "rounds, round 1",
                           "best of the rounds is 0.600 of row hill-4-rounds (of another key: 0.062)",
                           "0.062",
                           "all 2 rows",
                           "1 of 2 rows",
                           "no counterpart",
                           "obscura reproduce er-cnn --only 5",
                           "hill hides little",
                           "the key is recovered",
                           "could not be tried: too few",
                           "data:image/png;base64,/wAQIA==",
                           "plain &lt;ones&gt;",
                           "--only hill-4,hill-4-adapt,",
                           "1.2.3",
                           "obscura audit attack --key hill-4.json"}) {
    EXPECT_THAT(html, HasSubstr(part)) << part;
  }
  for (const char* outside : {"http://", "https://", "href=", "url("}) EXPECT_THAT(html, Not(HasSubstr(outside)));
  EXPECT_THAT(html, Not(HasSubstr("QUICK")));
}

TEST(LearnableReport, QuickRunsSayThatTheyCountForNothing) {
  LearnableReport report = er_cnn_report();
  report.quick = true;
  for (const auto& goal : goals(report)) {
    EXPECT_FALSE(goal.reached());
    EXPECT_THAT(goal.verdict(), HasSubstr("not judged: a quick run"));
  }
  EXPECT_THAT(to_markdown(learnable_document(report)), Not(HasSubstr("reached:")));
  EXPECT_THAT(to_html(learnable_document(report)), HasSubstr("A QUICK RUN"));
  EXPECT_THAT(to_markdown(learnable_document(report)), HasSubstr("A QUICK RUN"));
}

TEST(LearnableReport, RowsThatLearnedFromOtherPicturesAreNotCompared) {
  LearnableReport report = er_cnn_report();
  report.rows[0].train = curve(0.80, 4);
  EXPECT_EQ(learned_from(report.rows[0]), "40,000 pictures, 4 epochs");
  EXPECT_EQ(learned_from(report.rows[4]), "40,000 pictures, 8 epochs") << "of each of the two rounds";
  EXPECT_EQ(against_plain(report, report.rows[1]), kNothing);
  for (const auto& goal : goals(report)) {
    EXPECT_FALSE(goal.reached());
    EXPECT_THAT(goal.verdict(), HasSubstr("not judged: one learned from 40,000 pictures, 8 epochs"));
  }
  EXPECT_TRUE(learnable_json(report).at("goals").at(0).at("reached").is_null());
}

TEST(LearnableReport, ADataSetsOwnValidationPicturesAreNotLearnedFrom) {
  LearnableRow row = made_up("neu", 0.9);
  row.train["validation_from"] = "dataset";
  EXPECT_EQ(learned_from(row), "36,000 pictures, 8 epochs");
}

TEST(LearnableReport, SeedsOfASeriesStandTogether) {
  LearnableReport report = er_cnn_report();
  const LearnableFigure figure{"5", "", "", "", {"a", "b", "c"}, false};
  for (const auto& [key, accuracy] : {std::pair("a", 0.5), std::pair("b", 0.6), std::pair("c", 0.4)}) {
    LearnableRow row = made_up(key, accuracy);
    row.series = "still", row.round = key[0] == 'c' ? 2 : 1;
    row.reveal = {{"correlation", accuracy}}, row.null = {{"correlation", 0.1}};
    report.rows.push_back(row);
  }
  const Table table = rounds_table(report, figure);
  ASSERT_EQ(table.rows.size(), 2);
  EXPECT_THAT(table.rows[0],
              testing::ElementsAre("still, round 1", "2", "40,000 pictures, 8 epochs", "55.00 % (50.00 to 60.00)",
                                   "0.550 (0.500 to 0.600)", "0.100 (0.100 to 0.100)"));
  EXPECT_EQ(table.rows[1][3], "40.00 %");
}

TEST(LearnableReport, WhatPretrainingBringsIsSaidOverTheSeeds) {
  LearnableReport report;
  report.subject = "color-neuracrypt";
  EXPECT_EQ(pretraining_text(report), "");
  const auto add = [&](const std::string& series, std::size_t seed, double accuracy) {
    LearnableRow row = made_up(series + std::to_string(seed), accuracy);
    row.series = series, row.seed = seed;
    report.rows.push_back(row);
  };
  add("plain, from scratch", 1, 0.5), add("plain, from scratch", 2, 0.52);
  add("plain, pretrained", 1, 0.56), add("plain, pretrained", 2, 0.54), add("plain, pretrained", 3, 0.9);
  EXPECT_EQ(pretraining_text(report), "What own pretraining brings, in points: plain +4.0 (2 seeds: +2.0 to +6.0).");
  add("color-neuracrypt, from scratch", 1, 0.4), add("color-neuracrypt, pretrained", 1, 0.39);
  add("neuracrypt, without positions, from scratch", 1, 0.3);
  add("neuracrypt, without positions, pretrained", 1, 0.35);
  EXPECT_THAT(
      pretraining_text(report),
      testing::AllOf(HasSubstr("color-neuracrypt -1.0 (1 seed: -1.0 to -1.0); neuracrypt, without positions +5.0"),
                     testing::EndsWith("here it gains less: at this size they are not the reason.")));
  report.rows[6].evaluate = evaluation("protected", 0.46);
  EXPECT_THAT(pretraining_text(report), testing::EndsWith("here it gains more."));
  EXPECT_THAT(to_html(learnable_document(report)), HasSubstr("What own pretraining brings"));
  report.quick = true;
  EXPECT_EQ(pretraining_text(report), "");
}

TEST(LearnableReport, CurvesOfAPageAreFiles) {
  auto document = learnable_document(er_cnn_report());
  const auto curves = curves_as_files(document, "er-cnn");
  ASSERT_EQ(curves.size(), 1);
  EXPECT_EQ(curves[0].file, "er-cnn/curves-1.svg");
  EXPECT_THAT(curves[0].svg, HasSubstr("<svg"));
  EXPECT_THAT(to_markdown(document), HasSubstr("](er-cnn/curves-1.svg)"));
}

TEST(LearnableReport, RowsOfAJournalComeBack) {
  for (const auto& row : er_cnn_report().rows) EXPECT_EQ(read_row(ordered_json::parse(row_json(row).dump())), row);
  EXPECT_THROW(read_row({{"kind", "obscura row of reproduce"}, {"format", 1}}), FormatError);
  EXPECT_THROW(read_row(ordered_json::array()), FormatError);
}

TEST(LearnableReport, MarkdownNamesPicturesBesideIt) {
  const std::string text = to_markdown(learnable_document(er_cnn_report()));
  EXPECT_THAT(text, HasSubstr("](pictures/strip-plain.png)"));
  EXPECT_THAT(text, Not(HasSubstr("none.png"))) << "was not made";
  EXPECT_THAT(text, Not(HasSubstr("<script")));
}

TEST(LearnableReport, ThePapersTableStandsBesideColorNeuracrypt) {
  LearnableReport report;
  report.subject = "color-neuracrypt";
  report.rows = {made_up("plain", 0.7), made_up("color-neuracrypt", 0.66)};
  const std::string html = to_html(learnable_document(report));
  for (const char* part : {"99.10 %", "96.20 %", "70.60 %", "89.09 %", "83.06 %", "97.93 %", "66.00 %", "-4.00"}) {
    EXPECT_THAT(html, HasSubstr(part)) << part;
  }
}

TEST(LearnableReport, JsonComesBackAsItWas) {
  const LearnableReport report = er_cnn_report();
  const auto json = learnable_json(report);
  EXPECT_EQ(json.at("goals").at(0).at("reached"), true);
  const LearnableReport back = read_learnable(ordered_json::parse(json.dump()));
  EXPECT_EQ(learnable_json(back), json);
  for (const char* text : {"{}", "[]", "1", R"({"kind": "obscura report", "format": 1})"}) {
    EXPECT_THROW(read_learnable(ordered_json::parse(text)), FormatError) << text;
  }
  auto damaged = json;
  damaged["rows"][0].erase("title");
  EXPECT_THROW(read_learnable(damaged), FormatError);
}

TEST(LearnableReport, WhatWasNotAskedForHasNoSectionOfItsOwn) {
  LearnableReport report = er_cnn_report();
  std::erase_if(report.rows, [](const LearnableRow& row) { return row.key != "hill-4-rounds"; });
  report.rows[0].main = false;
  const Document document = learnable_document(report);
  for (const auto& section : document.sections) {
    EXPECT_THAT(section.title, Not(HasSubstr("(4-5)")));
    for (const auto& block : section.blocks) {
      if (const auto* table = std::get_if<Table>(&block)) {
        EXPECT_FALSE(table->rows.empty()) << section.title;
      }
      if (const auto* bars = std::get_if<Bars>(&block)) {
        EXPECT_FALSE(bars->bars.empty()) << section.title;
      }
    }
  }
  EXPECT_THAT(to_markdown(document), HasSubstr("| 4-5 | Figure 4-5: kernels | 4 is best | not run |"));
}

TEST(LearnableReport, NothingMeasuredIsStillAReport) {
  LearnableReport report;
  report.subject = "er-cnn";
  LearnableRow row;
  row.key = "plain";
  report.rows = {row};
  EXPECT_TRUE(std::isnan(learned_accuracy(row)));
  EXPECT_THAT(to_html(learnable_document(report)), HasSubstr("not measured"));
}

TEST(ReportText, Base64IsThatOfItsStandard) {
  const auto coded = [](const std::string& text) {
    return base64(std::span(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
  };
  // RFC 4648, section 10.
  EXPECT_EQ(coded(""), "");
  EXPECT_EQ(coded("f"), "Zg==");
  EXPECT_EQ(coded("fo"), "Zm8=");
  EXPECT_EQ(coded("foo"), "Zm9v");
  EXPECT_EQ(coded("foob"), "Zm9vYg==");
  EXPECT_EQ(coded("fooba"), "Zm9vYmE=");
  EXPECT_EQ(coded("foobar"), "Zm9vYmFy");
}

TEST(ReportSvg, BarsAreAsLongAsTheirShare) {
  const std::string svg = bars_svg({"t", {{"a", 0.5}, {"b", std::numeric_limits<double>::quiet_NaN()}, {"c", 7}}});
  EXPECT_THAT(svg, HasSubstr("width=\"200.0\""));
  EXPECT_THAT(svg, HasSubstr("width=\"400.0\"")) << "no bar leaves the picture";
  EXPECT_THAT(svg, HasSubstr("not measured"));
  EXPECT_EQ(bars_svg({"t", {}}), "");
}

}  // namespace
}  // namespace obscura::report
