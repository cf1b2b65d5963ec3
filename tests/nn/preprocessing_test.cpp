#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "base/error.h"
#include "graphs.h"
#include "nn/onnx_metadata.h"
#include "nn/onnx_read.h"
#include "nn/onnx_write.h"
#include "nn/reference.h"

namespace obscura::nn {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Entries = std::map<std::string, std::string>;

const Shape kGrey{1, 4, 4}, kColour{3, 4, 4};

Preprocessing parsed(const Entries& file, const Entries& stated = {}, const Shape& input = kColour,
                     std::size_t outputs = 3) {
  std::vector<std::string> notes;
  return parse_preprocessing(file, stated, input, outputs, notes);
}

template <typename Call>
std::string error_of(Call call) {
  try {
    call();
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

TEST(Preprocessing, PixelsOfEveryRangeAndOrder) {
  const std::vector<std::uint8_t> planar = {0, 51, 102, 153, 204, 255};  // R R G G B B
  Preprocessing how = default_preprocessing({3, 1, 2});
  how.mean = {0.5F, 0.25F, 0};
  how.std = {0.5F, 1, 2};
  EXPECT_THAT(preprocess(planar, how),
              ::testing::Pointwise(::testing::FloatEq(), std::vector<float>{-1, -0.6F, 0.15F, 0.35F, 0.4F, 0.5F}));
  how.colour = "bgr";
  EXPECT_THAT(preprocess(planar, how),
              ::testing::Pointwise(::testing::FloatEq(), std::vector<float>{0.6F, 1, 0.15F, 0.35F, 0, 0.1F}));
  Preprocessing wide = default_preprocessing({1, 1, 6});
  wide.range = {0, 255};
  EXPECT_THAT(preprocess(planar, wide), ElementsAre(0, 51, 102, 153, 204, 255));
  wide.range = {-1, 1};
  EXPECT_THAT(preprocess(planar, wide),
              ::testing::Pointwise(::testing::FloatNear(1e-6F), std::vector<float>{-1, -0.6F, -0.2F, 0.2F, 0.6F, 1}));
  wide.range = {0, 255};
  wide.mean = {33.3285F};
  wide.std = {78.5655F};
  const auto unit = in_unit_range(wide);
  EXPECT_FLOAT_EQ(unit.mean[0], 0.1307F);
  EXPECT_FLOAT_EQ(unit.std[0], 0.3081F);
  EXPECT_THAT(preprocess(planar, unit), ::testing::Pointwise(::testing::FloatNear(1e-5F), preprocess(planar, wide)));
}

TEST(Preprocessing, ContradictionsAreRefused) {
  struct Case {
    Entries file;
    Shape input;
    const char* word;
  };
  for (const auto& [file, input, word] : std::vector<Case>{
           {{{"mean", "0.5,0.5,0.5"}}, kGrey, "3 numbers for 1 channel"},
           {{{"std", "0.2,0.2"}}, kColour, "2 numbers for 3 channels"},
           {{{"std", "0"}}, kGrey, "above zero"},
           {{{"std", "-0.3"}}, kGrey, "above zero"},
           {{{"std", "0.2,0,0.2"}}, kColour, "above zero"},
           {{{"colour", "rgb"}}, kGrey, "contradicts an input of 1 channel"},
           {{{"colour", "bgr"}}, kGrey, "contradicts an input of 1 channel"},
           {{{"colour", "grey"}}, kColour, "expected rgb or bgr"},
           {{{"colour", "rgb"}}, {4, 4, 4}, "contradicts an input of 4 channels"},
           {{{"mean", "33.33"}, {"std", "78.57"}}, kGrey, "state the range"},
           {{{"mean", "123.675,116.28,103.53"}}, kColour, "lies outside pixels as 0..1"},
           {{{"mean", "0"}, {"std", "58"}}, kGrey, "std 58 contradicts"},
           {{{"mean", "0.485"}, {"std", "0.229"}, {"range", "0..255"}}, kGrey, "are of pixels as 0..1"},
           {{{"mean", "2"}, {"range", "-1..1"}}, kGrey, "lies outside"},
           {{{"range", "1..0"}}, kGrey, "lower and upper end"},
           {{{"range", "wide"}}, kGrey, "expected what pixels of 0 to 255 become"},
           {{{"classes", "a,b"}}, kGrey, "2 names for 3 outputs"},
       }) {
    EXPECT_THAT(error_of([&, &f = file, &i = input] { parsed(f, {}, i); }), HasSubstr(word)) << word;
    EXPECT_THROW(parsed(file, {}, input), FormatError) << word;
    EXPECT_THROW(parsed({}, file, input), UsageError) << "the same by hand: " << word;
  }
}

TEST(Preprocessing, UsualWaysAreTaken) {
  for (const auto& file : std::vector<Entries>{
           {{"mean", "0.485,0.456,0.406"}, {"std", "0.229,0.224,0.225"}},
           {{"mean", "[123.675, 116.28, 103.53]"}, {"std", "[58.395, 57.12, 57.375]"}, {"range", "0..255"}},
           {{"mean", "103.53,116.28,123.675"}, {"std", "1"}, {"range", "0..255"}, {"colour", "BGR"}},
           {{"mean", "127.5"}, {"std", "127.5"}, {"range", "0,255"}},
           {{"mean", "0"}, {"std", "255"}, {"range", "0..255"}},
           {{"range", "0..255"}},
           {{"range", "-1..1"}},
           {{"mean", "0.5"}, {"std", "0.5"}},
           {{"mean", "0"}, {"std", "1"}},
       }) {
    EXPECT_TRUE(parsed(file).stated);
  }
  EXPECT_EQ(parsed({{"range", "0 to 255"}}).range, (std::array<float, 2>{0, 255}));
  EXPECT_FALSE(parsed({{"classes", "a,b,c"}}).stated);
}

TEST(Preprocessing, WhatIsStatedByHandWins) {
  std::vector<std::string> notes;
  const auto how = parse_preprocessing({{"mean", "33.33"}, {"std", "78.57"}, {"classes", "a,b,c"}},
                                       {{"range", "0..255"}, {"classes", "x,y,z"}}, kGrey, 3, notes);
  EXPECT_EQ(how.mean, std::vector<float>{33.33F});
  EXPECT_THAT(how.classes, ElementsAre("x", "y", "z"));
  EXPECT_THAT(notes, ElementsAre(HasSubstr("classes that was stated replaces that of the file")));
}

TEST(Preprocessing, OtherProgramsEntries) {
  EXPECT_THAT(parsed({{"names", "{0: 'person', 1: 'bicycle', 2: 'car'}"}}).classes,
              ElementsAre("person", "bicycle", "car"));
  EXPECT_THAT(parsed({{"id2label", R"({"0": "a", "1": "b", "2": "c"})"}}).classes, ElementsAre("a", "b", "c"));
  EXPECT_THAT(parsed({{"names", "{0: 'no'}"}, {"classes", "[\"a\",\"b\",\"c\"]"}}).classes, ElementsAre("a", "b", "c"));
  std::vector<std::string> notes;
  const auto how = parse_preprocessing({{"names", "{0: 'person'}"}}, {}, kColour, 3, notes);
  EXPECT_TRUE(how.classes.empty());
  EXPECT_THAT(notes, ElementsAre(HasSubstr("1 names for 3 outputs")));
  const auto standard =
      parsed({{"Image.BitmapPixelFormat", "Bgr8"}, {"Image.NominalPixelRange", "NominalRange_0_255"}});
  EXPECT_EQ(standard.colour, "bgr");
  EXPECT_EQ(standard.range, (std::array<float, 2>{0, 255}));
  EXPECT_TRUE(standard.stated);
}

TEST(Preprocessing, OneOutputHasTwoNames) {
  EXPECT_THAT(parsed({{"classes", "no,yes"}}, {}, kGrey, 1).classes, ElementsAre("no", "yes"));
  EXPECT_THAT(parsed({{"classes", "crack"}}, {}, kGrey, 1).classes, ElementsAre("crack"));
  EXPECT_THROW(parsed({{"classes", "a\nb\nc"}}, {}, kGrey, 1), FormatError);
}

TEST(Preprocessing, TravelsInTheFile) {
  Graph graph = testing::random_graph(7, true, 3);
  graph.preprocessing.classes = {"[a", "b, c", "0: d"};
  EXPECT_EQ(read_onnx(to_onnx(graph), "memory").preprocessing.classes, graph.preprocessing.classes)
      << "also where the rest is not stated";
  graph.preprocessing.mean.assign(graph.input_shape().channels, 100.0F);
  graph.preprocessing.std.assign(graph.input_shape().channels, 50.0F);
  graph.preprocessing.range = {0, 255};
  graph.preprocessing.stated = true;
  const auto back = read_onnx(to_onnx(graph), "memory").preprocessing;
  EXPECT_EQ(back.mean, graph.preprocessing.mean);
  EXPECT_EQ(back.range, graph.preprocessing.range);
  EXPECT_EQ(back.classes, graph.preprocessing.classes);
  EXPECT_TRUE(back.stated);
}

/// Ranges hold for the numbers that they were measured on: other means make others.
TEST(Preprocessing, RangesOfOtherNumbersAreLeftOut) {
  Graph graph = testing::random_graph(7, true, 3);
  const std::size_t channels = graph.input_shape().channels;
  graph.preprocessing.mean.assign(channels, 0.5F);
  graph.preprocessing.std.assign(channels, 0.25F);
  graph.preprocessing.stated = true;
  graph.calibration = {1, 2, 3};
  graph.origin.name = "original.onnx";
  graph.origin.sha256 = std::string(64, 'a');
  graph.origin.fit_error = 0.1;
  const auto file = to_onnx(graph);
  const auto read = [&](const Entries& stated) { return read_onnx(file, "memory", Shape{0, 1, 1}, stated); };
  for (const Entries& same : {Entries{}, Entries{{"mean", "0.5"}}, Entries{{"std", "0.25"}, {"range", "0..1"}},
                              Entries{{"range", "0..255"}, {"mean", "127.5"}, {"std", "63.75"}}}) {
    const Graph kept = read(same);
    EXPECT_EQ(kept.calibration, graph.calibration);
    EXPECT_THAT(kept.notes, ::testing::Not(::testing::Contains(HasSubstr("left out"))));
  }
  for (const Entries& other : {Entries{{"mean", "0.4"}}, Entries{{"std", "0.5"}}, Entries{{"range", "-1..1"}}}) {
    const Graph changed = read(other);
    EXPECT_TRUE(changed.calibration.empty());
    EXPECT_THAT(changed.notes, ::testing::Contains(HasSubstr("--calibrate measures them again")));
    EXPECT_THAT(changed.notes, ::testing::Contains(HasSubstr("compile the original, original.onnx")));
  }
}

TEST(Preprocessing, IsSaidOnALine) {
  Preprocessing how = default_preprocessing(kColour);
  how.mean = {0.5F, 0.25F, 0.125F};
  how.std = {0.5F, 0.5F, 0.5F};
  how.classes = {"cat", "dog"};
  EXPECT_EQ(preprocessing_text(how, {3, 24, 32}),
            "32x24 rgb, pixels as 0..1, mean 0.5,0.25,0.125, std 0.5, 2 classes: cat, dog");
}

}  // namespace
}  // namespace obscura::nn
