#include "weights/weights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

#include "base/error.h"
#include "base/file.h"

namespace obscura::weights {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;
using Shape = std::vector<std::int64_t>;

std::filesystem::path fixture(const std::string& name) {
  return std::filesystem::path(OBSCURA_SOURCE_DIR) / "tests/weights/files" / name;
}

/// The rules of fixtures.py.
float real(std::size_t i) {
  return static_cast<float>(static_cast<int>(i % 17) - 8) / 4;
}
float whole(std::size_t i) {
  return static_cast<float>(static_cast<int>(i % 100) - 50);
}

WeightTensor tensor(const Shape& shape, const std::function<float(std::size_t)>& value) {
  std::size_t count = 1;
  for (const std::int64_t side : shape) count *= static_cast<std::size_t>(side);
  WeightTensor t{shape, std::vector<float>(count)};
  for (std::size_t i = 0; i < count; ++i) t.values[i] = value(i);
  return t;
}

std::map<std::string, WeightTensor> state_dict() {
  const auto turned = [](std::size_t i) { return real(i % 6 * 8 + i / 6); };
  const auto window = [](std::size_t i) { return real((2 + i / 4) * 8 + 1 + i % 4 * 2); };
  const auto odd = [](std::size_t i) { return i % 2 == 0 ? 1.0F : 0.0F; };
  const auto counted = [](std::size_t i) { return static_cast<float>(i); };
  return {{"float", tensor({3, 4}, real)},    {"half", tensor({5}, real)},
          {"bfloat", tensor({2, 3}, real)},   {"double", tensor({2, 2, 2}, real)},
          {"long", tensor({7}, whole)},       {"int", tensor({3}, whole)},
          {"short", tensor({3}, whole)},      {"char", tensor({3}, whole)},
          {"byte", tensor({3}, counted)},     {"bool", tensor({3}, odd)},
          {"scalar", {{}, {-1.25F}}},         {"empty", {{0, 3}, {}}},
          {"shared", tensor({6, 8}, real)},   {"transposed", tensor({8, 6}, turned)},
          {"window", tensor({3, 4}, window)}, {"expanded", tensor({2, 3}, [](std::size_t) { return 0.5F; })},
          {"parameter", tensor({4, 2}, real)}};
}

void expect_equal(const std::map<std::string, WeightTensor>& found, const std::map<std::string, WeightTensor>& wanted) {
  for (const auto& [name, t] : wanted) {
    ASSERT_TRUE(found.contains(name)) << name;
    EXPECT_EQ(found.at(name).shape, t.shape) << name;
    EXPECT_EQ(found.at(name).values, t.values) << name;
  }
  EXPECT_EQ(found.size(), wanted.size());
}

class StateDictFileTest : public ::testing::TestWithParam<std::string> {};

TEST_P(StateDictFileTest, IsReadAsPyTorchDoes) {
  expect_equal(read_weights(fixture(GetParam())).tensors, state_dict());
}

INSTANTIATE_TEST_SUITE_P(Files, StateDictFileTest,
                         ::testing::Values("zip.pth", "protocol4.pth", "legacy.pth", "plain_dict.pth", "checkpoint.pth",
                                           "checkpoint_legacy.pth", "all.safetensors"),
                         [](const auto& tested) {
                           std::string name = tested.param;
                           std::ranges::replace(name, '.', '_');
                           return name;
                         });

TEST(Weights, ReadsTheStateDictOfAModule) {
  const auto file = read_weights(fixture("module.pth"));
  std::vector<std::string> names;
  for (const auto& [name, t] : file.tensors) names.push_back(name);
  EXPECT_THAT(names, ElementsAre("0.bias", "0.weight", "1.bias", "1.num_batches_tracked", "1.running_mean",
                                 "1.running_var", "1.weight"));
  EXPECT_EQ(file.tensors.at("0.weight"), tensor({3, 4}, real));
  EXPECT_EQ(file.tensors.at("1.num_batches_tracked").shape, Shape{});
}

TEST(Weights, ReadsWhatNumPyStoresAndDeflates) {
  auto wanted = state_dict();
  for (const char* name : {"bfloat", "short", "char", "byte", "window", "expanded", "parameter"}) wanted.erase(name);
  wanted["block/kernel"] = tensor({2, 3, 4}, real);
  expect_equal(read_weights(fixture("stored.npz")).tensors, wanted);
  expect_equal(read_weights(fixture("deflated.npz")).tensors, wanted);
}

TEST(Weights, ReadsWhatSafetensorsSayOfThemselves) {
  const auto file = read_weights(fixture("all.safetensors"));
  EXPECT_THAT(file.metadata, ElementsAre(std::pair("format", "pt"), std::pair("made by", "weight_fixtures.py")));
}

class WrittenWeights : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
    path_ = std::filesystem::path(::testing::TempDir()) / (std::string("weights_") + test->name() + ".safetensors");
  }
  void TearDown() override { std::filesystem::remove(path_); }
  std::filesystem::path path_;
};

TEST_F(WrittenWeights, ComeBack) {
  WeightFile file{state_dict(), {{"network", "resnet18"}, {"odd \"key\"\n", "\xc3\xa4"}}};
  file.tensors["odd \"name\"\n\xc3\xa4"] = {{1, 2}, {1, 2}};
  file.tensors["special"] = {{4}, {std::numeric_limits<float>::infinity(), -0.0F, 1e-45F, 3.4e38F}};
  write_safetensors(file, path_);
  EXPECT_EQ(read_weights(path_), file);
  EXPECT_EQ(read_file(path_).at(0) % 8, 0);  // of the header's length: values start aligned
  write_safetensors({}, path_);
  EXPECT_EQ(read_weights(path_), WeightFile{});
}

TEST_F(WrittenWeights, KeepWhatIsNotANumber) {
  write_safetensors({{{"a", {{1}, {std::nanf("")}}}}, {}}, path_);
  EXPECT_TRUE(std::isnan(read_weights(path_).tensors.at("a").values.at(0)));
}

TEST_F(WrittenWeights, AreNotWrittenWhenTheyCannotBeRead) {
  const auto write = [&](const std::string& name, const WeightTensor& t) {
    write_safetensors({{{name, t}}, {}}, path_);
  };
  EXPECT_THROW(write("a", {{2, 2}, {1, 2, 3}}), MismatchError);
  EXPECT_THROW(write("__metadata__", {{1}, {1}}), MismatchError);
  EXPECT_THROW(write("\xff", {{1}, {1}}), MismatchError);
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST(Weights, RefuseOtherFilesInOneLine) {
  const auto reading = [](const std::string& name) { return [name] { read_weights(fixture(name)); }; };
  EXPECT_THROW(reading("none.pth")(), IoError);
  EXPECT_THAT(reading("list.pth"), ThrowsMessage<FormatError>(HasSubstr("expected a state dict")));
  EXPECT_THAT(reading("whole_module.pth"), ThrowsMessage<FormatError>(HasSubstr("\"torch.nn.modules.linear.Linear\"")));
  EXPECT_THAT(reading("objects.npz"), ThrowsMessage<FormatError>(HasSubstr("array \"a\" has type \"|O\"")));
  EXPECT_THAT(reading("big_endian.npz"), ThrowsMessage<FormatError>(HasSubstr("expected little-endian")));
  EXPECT_THAT(reading("../weights_test.cpp"), ThrowsMessage<FormatError>(HasSubstr("is no file of weights; expected")));
}

TEST(Weights, KnowHalfNumbers) {
  const auto value = [](std::uint16_t bits) {
    std::string text = R"({"h":{"dtype":"F16","shape":[1],"data_offsets":[0,2]}})";
    std::vector<std::uint8_t> bytes{static_cast<std::uint8_t>(text.size()), 0, 0, 0, 0, 0, 0, 0};
    bytes.insert(bytes.end(), text.begin(), text.end());
    bytes.push_back(static_cast<std::uint8_t>(bits));
    bytes.push_back(static_cast<std::uint8_t>(bits >> 8));
    return decode_weights(bytes, "memory").tensors.at("h").values.at(0);
  };
  EXPECT_EQ(value(0x3c00), 1.0F);
  EXPECT_EQ(value(0xc000), -2.0F);
  EXPECT_EQ(value(0x7bff), 65504.0F);
  EXPECT_EQ(value(0x0001), 0x1p-24F);
  EXPECT_EQ(value(0x83ff), -1023 * 0x1p-24F);
  EXPECT_EQ(value(0x0400), 0x1p-14F);
  EXPECT_EQ(value(0x7c00), std::numeric_limits<float>::infinity());
  EXPECT_TRUE(std::isnan(value(0x7e00)));
  EXPECT_TRUE(std::signbit(value(0x8000)));
}

}  // namespace
}  // namespace obscura::weights
