#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <limits>

#include "base/error.h"
#include "compile/compile.h"
#include "compile/magnitudes.h"
#include "compile/networks.h"
#include "compile/size_cases.h"
#include "nn/onnx_read.h"

namespace obscura::compile {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

Program compiled(const nn::Graph& graph, double bits) {
  CompileOptions options;
  options.relative_error = relative_error_of(bits);
  return compile(graph, options);
}

double bits_of_modulus(const Program& program) {
  double sum = 0;
  for (const int bits : program.schedule.q_bits) sum += bits;
  return sum;
}

/// Over random networks: what is promised of logits is as precise as was asked, or a line says that it is not; and
/// what is asked for costs bits.
TEST(PrecisionBits, AreKeptAndCost) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    const auto drawn = testing::size_case(seed, 1e4);
    SCOPED_TRACE("seed " + std::to_string(seed) + ": " + drawn.text());
    double before = 0;
    for (const double bits : {5.0, 8.0, 11.0, 16.0}) {
      SCOPED_TRACE(bits);
      Magnitudes sizes;
      CompileOptions options;
      options.relative_error = relative_error_of(bits);
      const Program program = compile(drawn.graph, options, &sizes);
      const double largest = std::max(sizes.stages.back().activation_max, 1.0);
      EXPECT_LE(program.client.logit_error, 4 * std::exp2(-bits) * largest);
      EXPECT_GE(bits_of_modulus(program), before);
      before = bits_of_modulus(program);
    }
  }
}

/// As many bits as are usual are those of a program that nothing was said for.
TEST(PrecisionBits, ElevenAreUsual) {
  const nn::Graph graph = networks::tutorial(3);
  EXPECT_EQ(compiled(graph, 11).client.program, compile(graph).client.program);
  EXPECT_NE(compiled(graph, 16).client.program, compile(graph).client.program);
}

/// ResNet-20 takes a prime a stage at the usual precision, and nearly two for a bit more.
TEST(PrecisionBits, FewerAreOfferedWhereTheySaveMuch) {
  const nn::Graph deep = nn::read_onnx(std::filesystem::path(OBSCURA_SOURCE_DIR) / "models/resnet20-cifar10.onnx");
  const Program finer = compiled(deep, 12);
  EXPECT_GT(finer.schedule.limbs(), 28u);
  EXPECT_THAT(cheaper_text(finer), HasSubstr("21 at N = 2^16 with --precision-bits 11, off by "));
  EXPECT_THAT(report(finer), HasSubstr(cheaper_text(finer)));
  EXPECT_EQ(cheaper_text(compiled(networks::tutorial(3), 16)), "") << "small rings are quick";
}

TEST(PrecisionBits, OthersAreRefused) {
  for (const double bits : {3.9, 24.1, 0.0, -11.0, std::nan(""), std::numeric_limits<double>::infinity()}) {
    EXPECT_THAT([&] { relative_error_of(bits); }, ThrowsMessage<UsageError>(HasSubstr("expected 4 to 24"))) << bits;
  }
  const nn::Graph graph = networks::tutorial(3);
  for (const double error : {0.0, -0.1, 0.5, std::nan("")}) {
    CompileOptions options;
    options.relative_error = error;
    EXPECT_THROW(compile(graph, options), UsageError) << error;
  }
}

}  // namespace
}  // namespace obscura::compile
