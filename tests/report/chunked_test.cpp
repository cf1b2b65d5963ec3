#include "report/chunked/chunked.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <sstream>

#include "base/error.h"
#include "report/chunked/sections.h"

namespace obscura::report {
namespace {

using nlohmann::ordered_json;
using testing::HasSubstr;
using testing::Not;

const std::string kEvil = "<script>alert('&\"|*_`')</script>";

ordered_json per_class() {
  return {{{"class", "crazing"}, {"recall", 0.9}, {"f1", 0.91}}, {{"class", kEvil}, {"recall", 0.8}, {"f1", 0.79}}};
}

ordered_json plain_run(double accuracy) {
  return {{"images", 360},
          {"plain_accuracy", accuracy},
          {"plain_accuracy_interval", {accuracy - 0.03, accuracy + 0.03}},
          {"classes", {"crazing", kEvil}},
          {"confusion", {{170, 10}, {20, 160}}},
          {"per_class", per_class()},
          {"seconds", 0.5},
          {"vote", {{"accuracy", 0.8722}, {"interval", {0.83, 0.90}}, {"ties", 7}, {"same_as_mean", 0.95}}}};
}

ordered_json encrypted_run(double plain, double encrypted) {
  ordered_json run = plain_run(plain);
  run.erase("vote");
  run.update({{"encrypted_accuracy", encrypted},
              {"encrypted_accuracy_interval", {encrypted - 0.03, encrypted + 0.03}},
              {"agreement", 0.9972},
              {"chunks_encrypted", 0.6618},
              {"threads", 2},
              {"median_milliseconds_per_image", 184.5},
              {"images_per_second", {{"evaluate", 8.86}}},
              {"seconds", {{"encrypt", 0.36}, {"total", 41.0}}},
              {"bytes",
               {{"upload", 688608},
                {"upload_min", 210018},
                {"upload_max", 698016},
                {"reply", 32059},
                {"evaluation_keys", 20407802}}}});
  return run;
}

ChunkedNetwork network(const std::string& key, double accuracy) {
  ChunkedNetwork one;
  one.key = key, one.title = "network " + key, one.model = "chunk-" + key, one.summary = "layers " + kEvil;
  one.file = "/somewhere/chunk-" + key + "-neu.onnx", one.digest = std::string(64, 'a');
  one.command = "obscura train --model chunk-" + key;
  one.plain = plain_run(accuracy);
  return one;
}

ChunkedRow row(const std::string& network, const std::string& policy, const ordered_json& result) {
  ChunkedRow one;
  one.key = network + "-" + policy, one.title = one.key, one.network = network, one.policy = policy;
  one.mode = "packed", one.result = result;
  return one;
}

/// Four pictures of 16 chunks: 16, 8, 0 and 12 of them with features.
ordered_json times() {
  return {{"images", 4},
          {"chunks", 16},
          {"repeats", 3},
          {"policies",
           {{{"policy", "whole"},
             {"side_by_side", 16},
             {"seconds", {0.004, 0.004, 0.004, 0.006}},
             {"encrypted", {16, 16, 16, 16}},
             {"ciphertexts", {4, 4, 4, 4}},
             {"bytes", {700000, 700000, 700000, 700000}}},
            {{"policy", "features"},
             {"side_by_side", 4},
             {"seconds", {0.004, 0.002, 0.001, 0.003}},
             {"encrypted", {16, 8, 0, 12}},
             {"ciphertexts", {4, 2, 1, 3}},
             {"bytes", {700000, 350000, 180000, 520000}}}}}};
}

ordered_json key_sizes() {
  return {{"parameters",
           {{{"log_n", 13},
             {"bits", {31, 26, 26, 26, 26, 26, 26, 31}},
             {"log_qp", 218.0},
             {"security_bits", 125},
             {"slots", 4096},
             {"secret_key", 2233},
             {"public_key", 191700},
             {"relinearisation_key", 1565800},
             {"rotation_key", 1565700},
             {"rotation_keys", 24},
             {"rotation_keys_bytes", 37577000}}}},
          {"programs",
           {{{"image", "28x28"},
             {"what", "one chunk alone"},
             {"log_n", 13},
             {"log_qp", 214.0},
             {"primes", 5},
             {"rotation_keys", 17},
             {"evaluation_keys", 12345678},
             {"problem", ""}},
            {{"image", "112x112"}, {"what", "hidden"}, {"problem", "not possible " + kEvil}}}}};
}

ChunkedReport made_up() {
  ChunkedReport report;
  report.version = "1.2.3", report.build = "Release", report.date = "2026-01-01", report.machine = kEvil;
  report.isa = "ifma", report.command = "obscura reproduce chunked", report.dataset = "neu-cls";
  report.networks = {network("seed", 0.8972), network("concat", 0.8111), network("relu", 0.9056)};
  report.rows = {row("seed", "features", encrypted_run(0.8972, 0.9)),
                 row("seed", "whole", encrypted_run(0.8972, 0.8944)),
                 row("seed", "hidden", encrypted_run(0.8917, 0.8917)), row("relu", "plain", nullptr),
                 row("concat", "whole", encrypted_run(0.8111, 0.8111))};
  report.rows.push_back(row("own", "features", nullptr));
  report.rows.back().problem = "no " + kEvil;
  report.keys = key_sizes();
  report.times = times();
  return report;
}

TEST(ChunkedReport, SaysWhatWasMeasuredAndEscapesIt) {
  const std::string html = to_html(chunked_document(made_up()));
  EXPECT_THAT(html, Not(HasSubstr("<script")));
  for (const char* part :
       {"89.72 %", "90.00 %", "99.72 %", "Table 1", "31, 6 x 26, 31", "37.6 MB", "Table 2", "0.1 s", "Table 3",
        "210.0 KB", "698.0 KB", "66.18 %", "concatenation", "87.22 %", "28x26", "does not come again",
        "obscura reproduce chunked", "(m + r) mod q", "chunk-seed-neu.onnx"}) {
    EXPECT_THAT(html, HasSubstr(part)) << part;
  }
  for (const char* outside : {"http://", "https://", "href=", "url(", "/somewhere"}) {
    EXPECT_THAT(html, Not(HasSubstr(outside)));
  }
  EXPECT_THAT(html, Not(HasSubstr("QUICK")));
}

TEST(ChunkedReport, AgreementIsTheEvidence) {
  const std::string text = chunked_agreement_text(made_up());
  EXPECT_THAT(text, HasSubstr("-0.28 to +0.28 points in 4 runs (1 above plain)"));
  EXPECT_THAT(text, HasSubstr("99.72 % of the pictures or more: 4 of 1,440 answers changed"));
  ChunkedReport none = made_up();
  for (auto& one : none.rows) one.result = nullptr;
  EXPECT_EQ(chunked_agreement_text(none), "");
}

TEST(ChunkedReport, TimesAreOfAllPicturesAndOfThoseWithFlatChunks) {
  const ChunkedReport report = made_up();
  const auto all = encryption_summary(report, "features", FlatChunks::any);
  EXPECT_EQ(all.pictures, 4);
  EXPECT_DOUBLE_EQ(all.best, 0.001);
  EXPECT_DOUBLE_EQ(all.worst, 0.004);
  EXPECT_DOUBLE_EQ(all.mean, 0.0025);
  EXPECT_DOUBLE_EQ(all.chunks, 9);
  const auto half = encryption_summary(report, "whole", FlatChunks::half);
  EXPECT_EQ(half.pictures, 1);
  EXPECT_DOUBLE_EQ(half.median, 0.004);
  EXPECT_EQ(encryption_summary(report, "features", FlatChunks::half_or_more).pictures, 2);
  EXPECT_TRUE(std::isnan(encryption_summary(report, "hidden", FlatChunks::any).median));
  EXPECT_EQ(chunked_flat_table(report).rows[2].back(), "2 x");
}

TEST(ChunkedReport, RowsOfThePlainKindAreMeasuredByTheirNetwork) {
  const ChunkedReport report = made_up();
  EXPECT_TRUE(measured(report, *find_row(report, "relu-plain")));
  EXPECT_DOUBLE_EQ(plain_accuracy(report, *find_row(report, "relu-plain")), 0.9056);
  EXPECT_FALSE(measured(report, *find_row(report, "own-features")));
}

TEST(ChunkedReport, GoesRound) {
  const ordered_json json = chunked_json(made_up());
  EXPECT_EQ(chunked_json(read_chunked(ordered_json::parse(json.dump()))), json);
  for (const char* text : {"{}", "[]", "3", R"({"kind": "obscura report on chunked networks", "format": 9})"}) {
    EXPECT_THROW(read_chunked(ordered_json::parse(text)), FormatError) << text;
  }
}

TEST(ChunkedReport, SurvivesResultsOfAnyShape) {
  for (const char* text : {"{}", "[]", "7", R"({"policies": 3, "parameters": 4, "programs": "x", "per_class": 1})",
                           R"({"policies": [{"policy": "whole", "seconds": ["x", null]}, 5], "chunks": "many"})",
                           R"({"parameters": [{"bits": 7}, {"bits": []}, 3], "programs": [1, {"image": 2}]})",
                           R"({"confusion": [[1, -2], "x"], "per_class": [1], "vote": 4, "classes": {}})"}) {
    ChunkedReport report = made_up();
    report.keys = report.times = ordered_json::parse(text);
    report.networks[0].plain = report.rows[0].result = ordered_json::parse(text);
    to_html(chunked_document(report));
    to_markdown(chunked_document(report));
  }
}

TEST(ChunkedReport, TablesHaveAsManyCellsAsHeadings) {
  const ChunkedReport report = made_up();
  for (const Table& table : {chunked_key_table(report), chunked_program_key_table(report), chunked_time_table(report),
                             chunked_flat_table(report), chunked_accuracy_table(report), chunked_cost_table(report),
                             chunked_merge_table(report), chunked_network_table(report)}) {
    EXPECT_FALSE(table.rows.empty()) << table.title;
    for (const auto& cells : table.rows) EXPECT_EQ(cells.size(), table.headings.size()) << table.title;
  }
}

}  // namespace
}  // namespace obscura::report
