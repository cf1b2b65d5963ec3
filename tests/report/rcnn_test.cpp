#include "report/rcnn/rcnn.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "report/rcnn/paper.h"
#include "report/rcnn/sections.h"
#include "report/text.h"

namespace obscura::report {
namespace {

using nlohmann::ordered_json;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

const std::string kEvil = "<script>alert('&\"|*_`')</script>";

ordered_json test_run() {
  return {{"images", 2000},
          {"plain_accuracy", 0.8931},
          {"plain_accuracy_interval", {0.8789, 0.9059}},
          {"classes", {"airplane", kEvil}},
          {"confusion", {{901, 99}, {115, 885}}},
          {"per_class",
           {{{"class", "airplane"}, {"images", 1000}, {"precision", 0.8868}, {"recall", 0.901}, {"f1", 0.8938}},
            {{"class", kEvil}, {"images", 1000}, {"precision", 0.8994}, {"recall", 0.885}, {"f1", 0.8921}}}},
          {"seconds", 12.5}};
}

ordered_json curve() {
  return {{"recipe", "epochs 2 batch 64 rmsprop"},
          {"kept_epoch", 1},
          {"images", {{"training", 45000}, {"validation", 5000}}},
          {"epochs",
           {{{"epoch", 1},
             {"train_loss", 0.6123},
             {"train_accuracy", 0.7811},
             {"validation_loss", 0.5234},
             {"validation_accuracy", 0.8822},
             {"seconds", 100.0}},
            {{"epoch", 2},
             {"train_loss", 0.5},
             {"train_accuracy", 0.8},
             {"validation_loss", 0.6},
             {"validation_accuracy", 0.87},
             {"seconds", 140.0}}}}};
}

ordered_json ranking(double map, const std::string& distance) {
  return {{"distance", distance},
          {"images", 1000},
          {"gallery", {{"images", 50000}, {"dimension", 600}}},
          {"map", map},
          {"map_interval", {map - 0.0123, map + 0.0123}},
          {"map_tied", map - 0.0011},
          {"map_null", 0.1017},
          {"precision_at_5", 0.7416},
          {"precision_at_5_interval", {0.7217, 0.7618}},
          {"precision_at_5_tied", 0.7406},
          {"precision_at_5_null", 0.0997},
          {"precision_at_100", 0.6847},
          {"precision_at_100_interval", {0.6677, 0.7018}},
          {"precision_at_100_tied", 0.6848},
          {"precision_at_100_null", 0.1003}};
}

ordered_json searched(double client, const std::vector<int>& found) {
  ordered_json results = ordered_json::array(), steps = ordered_json::array();
  for (const int place : found) results.push_back({{"index", place}, {"label", "cat"}});
  steps.push_back({{"side", "server"}, {"what", "makes a key pair"}, {"readable", "nobody"}, {"seconds", 0.011}});
  steps.push_back({{"side", "client"},
                   {"what", "encrypts the picture under the server's public key"},
                   {"readable", "the client"},
                   {"seconds", client / 10}});
  steps.push_back(
      {{"side", "server"}, {"what", "decrypts it"}, {"readable", "THE SERVER " + kEvil}, {"seconds", 0.002}});
  return {{"results", results},
          {"server_saw", {"THE PICTURE", kEvil}},
          {"steps", steps},
          {"bytes", {{"query", 102518}, {"reply", 0}, {"keys", 201000}, {"hint", 27300000}, {"fetch", 512590}}},
          {"seconds", {{"client", client}, {"server", 0.32}, {"total", client + 0.32}, {"prepare", 4.56}}}};
}

RcnnRow row(const std::string& key, const std::string& gallery, const std::string& mode, const ordered_json& result) {
  RcnnRow one;
  one.key = key, one.title = "row " + key, one.gallery = gallery, one.mode = mode, one.result = result;
  return one;
}

ordered_json features() {
  return {{"pictures", 50000},
          {"features", 2048},
          {"selected", 600},
          {"forests",
           {{{"impurity", "gini"}, {"seed", 1}, {"importance_share", 0.9271}, {"idle", 3}, {"seconds", 24.0}},
            {{"impurity", "entropy"}, {"seed", 1}, {"importance_share", 0.9184}, {"idle", 0}, {"seconds", 25.0}}}},
          {"overlaps", {{{"one", 0}, {"other", 1}, {"both", 477}}}}};
}

RcnnReport made_up() {
  RcnnReport report;
  report.version = "1.2.3", report.build = "Release", report.date = "2026-01-01", report.machine = kEvil;
  report.isa = "ifma", report.command = "obscura reproduce rcnn", report.dataset = "cifar-10";
  RcnnNetwork network;
  network.key = "rcnn", network.title = "the paper's network", network.model = "rcnn", network.summary = kEvil;
  network.file = "/somewhere/rcnn-cifar10.onnx", network.digest = std::string(64, 'a');
  network.command = "obscura train --model rcnn", network.test = test_run(), network.curve = curve();
  report.networks = {network};
  RcnnGallery gallery;
  gallery.key = "gini", gallery.title = "600 features", gallery.result = {{"images", 50000}};
  report.galleries = {gallery};
  report.rows = {
      row("literal", "numbers", "", ranking(0.1923, "unequal")),
      row("bits-gini", "gini", "", ranking(0.4342, "hamming")),
      row("embed-cosine", "embed", "", ranking(0.8764, "cosine")),
      row("trusted", "gini", "trusted", {searched(0.05, {1, 2}), searched(0.07, {4, 3}), searched(0.06, {5})}),
      row("blind-bits", "gini", "blind-features", {searched(0.5, {2, 1}), searched(0.6, {3, 9})}),
      row("blind", "embed", "blind", nullptr)};
  report.rows.back().problem = "not possible " + kEvil;
  report.steps = {{"indexing 600 features", "obscura index", 61.5}, {"forests", "", 80.25}};
  report.features = features();
  report.rings = {
      {"rings", {{{"what", "a picture"}, {"log_n", 13}, {"log_q", 50.0}, {"log_qp", 100.0}, {"security_bits", 299}}}},
      {"smallest_ring", 1024},
      {"smallest_ring_bits", 26},
      {"ring_for_modulus", 32768},
      {"ring_for_large_modulus", 65536}};
  report.sheets = {{"cat, by trusted", "found/trusted-0/sheet.png", {1, 2, 3}}};
  return report;
}

std::vector<Table> tables(const RcnnReport& report) {
  return {rcnn_training_table(report),  rcnn_class_table(report), rcnn_map_table(report),
          rcnn_precision_table(report), rcnn_works_table(report), rcnn_forest_table(report),
          rcnn_overlap_table(report),   rcnn_time_table(report),  rcnn_ring_table(report),
          rcnn_step_table(report),      rcnn_mode_table(report),  rcnn_network_table(report),
          rcnn_command_table(report)};
}

TEST(RcnnReport, SaysWhatWasMeasuredBesideThePaper) {
  const std::string html = to_html(rcnn_document(made_up()));
  EXPECT_THAT(html, Not(HasSubstr("<script")));
  for (const char* part : {"98.87 %",
                           "98.43 %",
                           "97.94 %",
                           "89.31 %",
                           "87.89 to 90.59",
                           "88.22 %",
                           "78.11 %",
                           "0.3276",
                           "0.6123",
                           "450,000",
                           "45,000",
                           "605 s",
                           "46,800 s",
                           "3,670 s",
                           "2 min",
                           "epochs 2 batch 64",
                           "0.967",
                           "98.94 %",
                           "0.434",
                           "0.422 to 0.446",
                           "0.433",
                           "0.102",
                           "0.742",
                           "0.722 to 0.762",
                           "0.685",
                           "0.876",
                           "96.90 %",
                           "0.913",
                           "92.71 %",
                           "91.84 %",
                           "477",
                           "79.50 %",
                           "29.30 %",
                           "23 s",
                           "21 s",
                           "0.06 s",
                           "6.0 ms",
                           "102.5 KB",
                           "299",
                           "65,536",
                           "THE SERVER",
                           "27.3 MB",
                           "1 of 2",
                           "THE PICTURE",
                           "NIST",
                           "was not measured here",
                           "61.50 s",
                           "data:image/png;base64,AQID",
                           "obscura reproduce rcnn",
                           "405,000"}) {
    EXPECT_THAT(html, HasSubstr(part)) << part;
  }
  for (const char* outside : {"http://", "https://", "href=", "url(", "/somewhere"}) {
    EXPECT_THAT(html, Not(HasSubstr(outside)));
  }
  EXPECT_THAT(html, Not(HasSubstr("QUICK")));
  for (const Table& table : tables(made_up())) EXPECT_THAT(html, HasSubstr(escape_html(table.title))) << table.title;
}

TEST(RcnnReport, MarkdownHasTheSamePicturesAndTables) {
  RcnnReport report = made_up();
  report.quick = true;
  const std::string text = to_markdown(rcnn_document(report));
  for (const char* part : {"A QUICK RUN", "found/trusted-0/sheet.png", "0.967", "89.31 %", "6.0 ms"}) {
    EXPECT_THAT(text, HasSubstr(part)) << part;
  }
}

TEST(RcnnReport, OnlyThePapersOwnMethodStandsBesideItsScore) {
  const Table table = rcnn_map_table(made_up());
  ASSERT_EQ(table.headings[6], "Paper");
  EXPECT_EQ(table.rows[0][6], "0.967");
  EXPECT_EQ(table.rows[1][6], "0.967");
  EXPECT_EQ(table.rows[2][6], "-");
  for (const auto& cells : rcnn_precision_table(made_up()).rows) EXPECT_EQ(cells[2], "-");
}

TEST(RcnnReport, ContradictionsFollowFromThePapersNumbers) {
  std::size_t trace = 0;
  for (std::size_t i = 0; i < rcnn_paper::kClasses; ++i) {
    std::size_t row = 0;
    for (const std::size_t count : rcnn_paper::confusion()[i]) row += count;
    EXPECT_EQ(row, 1000) << i;
    trace += rcnn_paper::confusion()[i][i];
  }
  EXPECT_EQ(trace, 9887);
  const auto from = rcnn_paper::figures_of_confusion();
  EXPECT_DOUBLE_EQ(from[3].recall, 0.999);
  EXPECT_NEAR(from[9].precision, 969.0 / 982, 1e-12);
  const auto lines = rcnn_paper::contradictions();
  for (const char* part :
       {"9,887 of 10,000", "mean of its recalls: 97.30 %", "precision of 7 and the recall of 9 of the ten classes",
        "class 8 (ship): recall 0.992 in Table 8, 0.95 in Table 9", "Of the ten F1 scores of Table 9 6 cannot",
        "class 6 (frog): 0.98 and 0.98 make 0.980, printed is 0.94", "405,000, and 450,000", "83.33 % and 16.67 %",
        "100 epochs of 605 s (Table 6) are 60,500 s; Table 11 has 46,800 s", "264 s in all", "2,028",
        "0.01 in the text", "of 64 in Table 6"}) {
    EXPECT_THAT(lines, Contains(HasSubstr(part))) << part;
  }
}

TEST(RcnnReport, MediansAreOverSearches) {
  const RcnnReport report = made_up();
  const RcnnRow& trusted = *find_row(report, "trusted");
  EXPECT_DOUBLE_EQ(median_of_searches(trusted, "seconds.client"), 0.06);
  EXPECT_DOUBLE_EQ(median_of_step(trusted, "encrypts the picture"), 0.006);
  EXPECT_TRUE(std::isnan(median_of_step(trusted, "sings")));
  const SameFound same = same_found(trusted, *find_row(report, "blind-bits"));
  EXPECT_EQ(same.same, 1);
  EXPECT_EQ(same.whole, 2);
  EXPECT_TRUE(measured(trusted));
  EXPECT_FALSE(measured(*find_row(report, "blind")));
}

TEST(RcnnReport, GoesRound) {
  const ordered_json json = rcnn_json(made_up());
  EXPECT_EQ(rcnn_json(read_rcnn(ordered_json::parse(json.dump()))), json);
  for (const char* text : {"{}", "[]", "3", R"({"kind": "obscura report on RCNN_CKKS", "format": 9})"}) {
    EXPECT_THROW(read_rcnn(ordered_json::parse(text)), FormatError) << text;
  }
}

TEST(RcnnReport, SurvivesResultsOfAnyShape) {
  for (
      const char* text :
      {"{}", "[]", "7", "null", R"([1, {"steps": 4, "results": {}}, {"steps": [1, {"what": 3}], "server_saw": [7]}])",
       R"({"forests": [3], "overlaps": [{"one": 9, "other": -1}, 4], "rings": ["x", {"log_n": "y"}]})",
       R"({"epochs": [1, {"epoch": "x"}], "per_class": [1, {"images": -3, "recall": 7}], "confusion": [[1, -2], "x"]})",
       R"({"map_interval": ["x", 1], "gallery": 3, "classes": [1]})"}) {
    RcnnReport report = made_up();
    const auto any = ordered_json::parse(text);
    report.features = report.rings = report.networks[0].test = report.networks[0].curve = any;
    for (auto& one : report.rows) one.result = any;
    to_html(rcnn_document(report));
    to_markdown(rcnn_document(report));
  }
}

TEST(RcnnReport, TablesHaveAsManyCellsAsHeadings) {
  for (const Table& table : tables(made_up())) {
    EXPECT_FALSE(table.rows.empty()) << table.title;
    for (const auto& cells : table.rows) EXPECT_EQ(cells.size(), table.headings.size()) << table.title;
  }
  // Classes that the paper does not have, and those that a data set does not have.
  EXPECT_EQ(rcnn_class_table(made_up()).rows.size(), 11);
}

}  // namespace
}  // namespace obscura::report
