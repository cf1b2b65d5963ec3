// The browser's formatting (web/client/wasm/compat/fmt) prints what fmt prints.
#define fmt compact_fmt
#include "../../../web/client/wasm/compat/fmt/format.h"
#include "../../../web/client/wasm/format.cpp"
#undef fmt

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <bit>
#include <limits>
#include <random>
#include <vector>

namespace {

TEST(CompactFormat, PrintsNumbersAsFmtDoes) {
  std::mt19937_64 random(1);
  const auto same = [](auto value) {
    ASSERT_EQ(compact_fmt::format("{}", value), fmt::format("{}", value));
    ASSERT_EQ(compact_fmt::format("{:g}", value), fmt::format("{:g}", value));
    ASSERT_EQ(compact_fmt::format("a {:.2g} b {:.3g}", value, value), fmt::format("a {:.2g} b {:.3g}", value, value));
  };
  for (const double v : {0.0, -0.0, 1.0, 0.1307, 0.3081, 100.0, 1e15, 1e16, 123456789.0, 1e-4, 1e-5, 0.00012, 255.0,
                         1e22, std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity()}) {
    same(v);
    same(static_cast<float>(v));
  }
  for (int i = 0; i < 20000; ++i) {
    same(static_cast<double>(static_cast<std::int64_t>(random() % 2000000) - 1000000) / 1000);
    same(static_cast<float>(random() % 1000000) / 997.0F);
  }
}

/// Of numbers with all their digits every float, and doubles as far as they have 15 digits or need 17.
TEST(CompactFormat, PrintsFloatsOfAnySize) {
  std::mt19937_64 random(2);
  for (int i = 0; i < 20000; ++i) {
    const auto v = std::bit_cast<float>(static_cast<std::uint32_t>(random()));
    if (!std::isfinite(v) || std::abs(v) < 1e-12F || std::abs(v) > 1e20F) continue;
    ASSERT_EQ(compact_fmt::format("{}", v), fmt::format("{}", v));
  }
}

TEST(CompactFormat, PrintsTextsAndWholeNumbers) {
  const std::string text = "text";
  EXPECT_EQ(compact_fmt::format("{} {}, {{{}}} {}", text, "and", 7, std::string_view("view")),
            fmt::format("{} {}, {{{}}} {}", text, "and", 7, std::string_view("view")));
  EXPECT_EQ(compact_fmt::format("{} {}", std::numeric_limits<std::int64_t>::min(), std::size_t{1} << 63),
            fmt::format("{} {}", std::numeric_limits<std::int64_t>::min(), std::size_t{1} << 63));
  const std::vector<float> numbers{0.5F, 0.25F, 1};
  EXPECT_EQ(compact_fmt::format("[{}]", compact_fmt::join(numbers, ",")), fmt::format("[{}]", fmt::join(numbers, ",")));
  const std::vector<std::string> names{"a", "b"};
  EXPECT_EQ(compact_fmt::join(names, ", "), "a, b");
}

TEST(CompactFormat, RefusesWhatItDoesNotHave) {
  EXPECT_THROW(compact_fmt::format("{:04o}", 7), std::logic_error);
  EXPECT_THROW(compact_fmt::format("{:.2f}", 7.0), std::logic_error);
  EXPECT_THROW(compact_fmt::format("{}"), std::logic_error);
}

}  // namespace
