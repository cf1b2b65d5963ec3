#include <gtest/gtest.h>

#include <filesystem>
#include <limits>
#include <random>

#include "base/error.h"
#include "base/file.h"
#include "nn/onnx_builder.h"

/// Spoilt activations, paddings and lists; and the exports of PyTorch with bytes changed.
namespace obscura::nn {
namespace {

using testing::Dims;
using testing::OnnxBuilder;

/// Any outcome is right but a crash or another kind of exception.
bool reads(const std::string& bytes) {
  try {
    OnnxBuilder::read_bytes(bytes);
    return true;
  } catch (const FormatError&) {
  } catch (const UnsupportedError&) {
  }
  return false;
}

const Dims kExtremes{std::numeric_limits<std::int64_t>::min(),
                     std::numeric_limits<std::int64_t>::min() + 1,
                     -(std::int64_t{1} << 32),
                     -5,
                     -4,
                     -1,
                     0,
                     1,
                     2,
                     3,
                     4,
                     5,
                     65536,
                     65537,
                     std::int64_t{1} << 31,
                     std::int64_t{1} << 62,
                     std::numeric_limits<std::int64_t>::max()};

TEST(OnnxHostileLayers, ExtremeAttributesOfEveryOperator) {
  const std::pair<const char*, const char*> integers[] = {
      {"Concat", "axis"},       {"Flatten", "axis"},         {"Softmax", "axis"}, {"Gather", "axis"},
      {"LogSoftmax", "axis"},   {"Conv", "group"},           {"Gemm", "transB"},  {"ReduceMean", "keepdims"},
      {"Reshape", "allowzero"}, {"AveragePool", "ceil_mode"}};
  for (const auto& [type, attribute] : integers) {
    for (const std::int64_t value : kExtremes) {
      OnnxBuilder onnx({1, 2, 4, 4});
      onnx.floats("w", {2, 2, 1, 1}, testing::ramp(4));
      const auto y = onnx.node(type, {"x", "w"});
      onnx.set(attribute, value);
      reads(onnx.bytes(y));
    }
  }
}

TEST(OnnxHostileLayers, ExtremeLists) {
  std::mt19937_64 engine(1);
  const auto draw = [&](std::size_t count) {
    Dims values;
    for (std::size_t i = 0; i < count; ++i) values.push_back(kExtremes[engine() % kExtremes.size()]);
    return values;
  };
  const std::pair<const char*, const char*> lists[] = {
      {"Conv", "pads"},         {"Conv", "strides"},     {"Conv", "dilations"},
      {"Conv", "kernel_shape"}, {"AveragePool", "pads"}, {"AveragePool", "kernel_shape"},
      {"Pad", "pads"},          {"ReduceMean", "axes"},  {"Squeeze", "axes"},
      {"Unsqueeze", "axes"},    {"Transpose", "perm"}};
  for (int round = 0; round < 300; ++round) {
    for (const auto& [type, attribute] : lists) {
      OnnxBuilder onnx({1, 2, 4, 4}, 10);
      onnx.floats("w", {2, 2, 1, 1}, testing::ramp(4));
      const auto y = onnx.node(
          type, std::string(type) == "Conv" ? std::vector<std::string>{"x", "w"} : std::vector<std::string>{"x"});
      onnx.set(attribute, draw(engine() % 10));
      reads(onnx.bytes(y));
    }
  }
}

TEST(OnnxHostileLayers, ExtremeComputedShapes) {
  std::mt19937_64 engine(2);
  const auto extreme = [&] { return kExtremes[engine() % kExtremes.size()]; };
  const char* const operators[] = {"Add", "Sub", "Mul", "Div"};
  for (int round = 0; round < 3000; ++round) {
    OnnxBuilder onnx({1, 2, 4, 4});
    onnx.ints("a", {extreme(), extreme()});
    onnx.ints("b", {extreme()});
    onnx.ints("c", {extreme()});
    onnx.ints("d", {engine() % 2 == 0 ? 0 : extreme()});
    onnx.ints("e", {extreme()});
    const auto sum = onnx.node(operators[engine() % 4], {"a", engine() % 2 == 0 ? "a" : "b"});
    const auto cut = onnx.node("Slice", {sum, "b", "c", "d", "e"});
    const auto filled = onnx.node("ConstantOfShape", {engine() % 2 == 0 ? cut : "b"});
    onnx.floats("w", {2, 2, 1, 1}, testing::ramp(4));
    const auto chosen = onnx.node("Where", {onnx.node("Equal", {"b", engine() % 2 == 0 ? "c" : sum}), "e", sum});
    const char* const users[] = {"Reshape", "Pad", "Unsqueeze", "ReduceMean", "Squeeze", "Clip", "PRelu", "Expand"};
    const std::string shapes[] = {sum, cut, filled, chosen};
    reads(onnx.bytes(onnx.node(users[engine() % 8], {"x", shapes[engine() % 4]})));
  }
}

TEST(OnnxHostileLayers, NumbersThatAreNotFinite) {
  const std::pair<const char*, const char*> reals[] = {{"LeakyRelu", "alpha"},  {"Elu", "alpha"}, {"Selu", "gamma"},
                                                       {"HardSigmoid", "beta"}, {"Clip", "min"},  {"Pad", "value"}};
  for (const auto& [type, attribute] : reals) {
    OnnxBuilder onnx({1, 2, 4, 4}, 10);
    const auto y = onnx.node(type, {"x"});
    onnx.set(attribute, std::numeric_limits<float>::quiet_NaN());
    if (std::string(type) == "Pad") onnx.set("pads", Dims{0, 0, 1, 0, 0, 0, 0, 0});
    EXPECT_FALSE(reads(onnx.bytes(y))) << type;
  }
}

TEST(OnnxHostileLayers, NodesWithoutInputsOrWithOddOnes) {
  const char* const types[] = {"Relu", "Clip", "PRelu",   "Pad",     "Concat",  "Softmax",         "Slice",
                               "Erf",  "Gelu", "Sigmoid", "Squeeze", "Flatten", "ConstantOfShape", "Transpose"};
  for (const char* type : types) {
    OnnxBuilder none({1, 2, 4, 4});
    EXPECT_FALSE(reads(none.bytes(none.node(type, {}))));
    OnnxBuilder constants({1, 2, 4, 4});
    constants.floats("w", {2}, {1, 2});
    constants.ints("i", {1, 2});
    for (const char* name : {"w", "i", "nowhere", ""}) {
      OnnxBuilder onnx({1, 2, 4, 4});
      onnx.floats("w", {2}, {1, 2});
      onnx.ints("i", {1, 2});
      reads(onnx.bytes(onnx.node(type, {name, name, name, name, name})));
      OnnxBuilder second({1, 2, 4, 4});
      second.floats("w", {2}, {1, 2});
      second.ints("i", {1, 2});
      reads(second.bytes(second.node(type, {"x", name, name, name, name})));
    }
  }
}

TEST(OnnxHostileLayers, DeepTowersOfActivationsAndConcats) {
  OnnxBuilder tower({1, 2, 2, 2});
  std::string y = "x";
  for (int i = 0; i < 2000; ++i) y = tower.node(i % 2 == 0 ? "Relu" : "Tanh", {y});
  EXPECT_TRUE(reads(tower.bytes(y)));
  // Doubling the channels twenty-five times over would be 2^26 of them.
  OnnxBuilder doubling({1, 2, 2, 2});
  y = "x";
  for (int i = 0; i < 40; ++i) {
    y = doubling.node("Concat", {y, y});
    doubling.set("axis", 1);
  }
  EXPECT_FALSE(reads(doubling.bytes(y)));
  // Powers of powers: the polynomial inside of an activation is bounded too.
  OnnxBuilder powers({1, 2, 2, 2});
  powers.floats("k", {}, {16});
  y = "x";
  for (int i = 0; i < 40; ++i) y = powers.node("Add", {powers.node("Mul", {y, y}), "k"});
  reads(powers.bytes(powers.node("Tanh", {y})));
}

/// Small files whose nodes would each keep a large tensor.
TEST(OnnxHostileLayers, RepeatedLargeTensorsAreRefused) {
  constexpr std::int64_t kWide = 1 << 20;
  OnnxBuilder norms({1, 16 * kWide});
  norms.floats("one", {1}, {1});
  std::string y = "x";
  for (int i = 0; i < 2000; ++i) y = norms.node("BatchNormalization", {y, "one", "one", "one", "one"});
  EXPECT_FALSE(reads(norms.bytes(y)));

  OnnxBuilder steps({1, kWide});
  steps.floats("w", {kWide}, std::vector<float>(kWide, 0.5F));
  y = "x";
  for (int i = 0; i < 2000; ++i) y = steps.node(i % 2 == 0 ? "Mul" : "Tanh", {y, "w"});
  EXPECT_FALSE(reads(steps.bytes(y)));
  OnnxBuilder products({1, kWide});
  products.floats("w", {kWide}, std::vector<float>(kWide, 0.5F));
  y = "x";
  for (int i = 0; i < 2000; ++i) y = products.node(i % 2 == 0 ? "Mul" : "Add", {y, "w"});
  EXPECT_FALSE(reads(products.bytes(y)));

  OnnxBuilder reshapes({1, 4});
  reshapes.floats("w", {4, kWide}, std::vector<float>(4 * kWide, 0.5F));
  reshapes.ints("shape", {4, kWide});
  y = "w";
  for (int i = 0; i < 2000; ++i) y = reshapes.node("Reshape", {y, "shape"});
  EXPECT_FALSE(reads(reshapes.bytes(reshapes.node("MatMul", {"x", y}))));
}

TEST(OnnxHostileLayers, ChangedExportsAreSurvived) {
  std::mt19937_64 engine(3);
  std::size_t read = 0, all = 0;
  for (const auto& entry : std::filesystem::directory_iterator(OBSCURA_SOURCE_DIR "/tests/nn/exports")) {
    if (entry.path().extension() != ".onnx") continue;
    const auto file = read_file(entry.path());
    const std::string bytes(file.begin(), file.end());
    for (int i = 0; i < 200; ++i) {
      std::string spoilt = bytes;
      for (std::size_t n = engine() % 3 + 1; n > 0; --n) {
        const std::size_t at = engine() % spoilt.size();
        if (engine() % 8 == 0) {
          spoilt.resize(at + 1);
        } else {
          spoilt[at] = static_cast<char>(engine() % 3 == 0 ? spoilt[at] ^ (1 << engine() % 8) : engine());
        }
      }
      read += reads(spoilt) ? 1 : 0;
      ++all;
    }
  }
  EXPECT_GT(all, 8000U);
  EXPECT_GT(read, all / 20) << "some changes only touch weights";
  EXPECT_LT(read, all);
}

}  // namespace
}  // namespace obscura::nn
