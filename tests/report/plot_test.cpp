#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/document.h"
#include "report/plot_file.h"
#include "report/svg.h"

namespace obscura::report {
namespace {

using testing::HasSubstr;
using testing::Not;

Plot two_lines() {
  Plot plot;
  plot.title = "what you save, what you tell";
  plot.x_title = "chunks encrypted", plot.y_title = "accuracy";
  plot.series = {{"map <1>", {{0.25, 0.5, "threshold 50", 0.4, 0.6}, {0.75, 0.25, "threshold 150"}}},
                 {"hidden", {{0.5, 0.125, "always"}}, false}};
  plot.levels = {{"chance", 0.125}};
  return plot;
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

TEST(Plot, PointsLieWhereTheyBelongAndLinesJoinThem) {
  const std::string svg = plot_svg(two_lines());
  EXPECT_EQ(count(svg, "class=\"line\""), 1U);  // hidden is a point
  EXPECT_EQ(count(svg, "class=\"span\""), 1U);
  EXPECT_EQ(count(svg, "class=\"level\""), 1U);
  EXPECT_THAT(svg, HasSubstr("M162.0 172.0L382.0 247.0"));  // of 440 x 300, from (52, 322)
  EXPECT_THAT(svg, HasSubstr("map &lt;1&gt;"));
  EXPECT_THAT(svg, Not(HasSubstr("<1>")));
  EXPECT_THAT(svg, HasSubstr(">20 %<"));
  EXPECT_EQ(plot_svg({}), "");
}

TEST(Plot, WhatIsNoNumberIsLeftOut) {
  Plot plot = two_lines();
  plot.percent = false;
  plot.series[0].points[1].y = std::numeric_limits<double>::quiet_NaN();
  plot.x_high = plot.x_low;
  const std::string svg = plot_svg(plot);
  EXPECT_THAT(svg, Not(HasSubstr("nan")));
  EXPECT_THAT(svg, Not(HasSubstr("inf")));
}

TEST(Plot, CountsAreMarkedAtWholeNumbers) {
  Plot plot = two_lines();
  plot.percent = false, plot.x_low = 1, plot.x_high = 2, plot.y_high = 100;
  EXPECT_THAT(plot_svg(plot), HasSubstr(">1.2<"));
  plot.counts = true;
  EXPECT_THAT(plot_svg(plot), Not(HasSubstr(">1.2<")));
  EXPECT_THAT(plot_svg(plot), HasSubstr(">2<"));
}

TEST(Plot, PagesHaveItAsAPictureAndAsATable) {
  const Document document{"t", "s", {{"section", {two_lines()}}}};
  EXPECT_THAT(to_html(document), HasSubstr("<figcaption>what you save, what you tell</figcaption><svg"));
  const std::string text = to_markdown(document);
  EXPECT_THAT(text, HasSubstr("threshold 50 | 25.00 % | 50.00 % | 40.00 % to 60.00 % |"));
  EXPECT_THAT(text, HasSubstr("| chance |"));
}

TEST(Plot, AFileOfItsOwnHasItsStyleAndSaysWhatItIs) {
  const std::string svg = plot_file_svg(two_lines());
  EXPECT_THAT(svg, testing::StartsWith("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox="));
  EXPECT_EQ(count(svg, "<style>"), 1U);
  EXPECT_LT(svg.find("<style>"), svg.find("<title>"));
  EXPECT_EQ(plot_file_svg({}), "");
}

}  // namespace
}  // namespace obscura::report
