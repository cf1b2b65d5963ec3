#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <limits>
#include <random>

#include "base/error.h"
#include "nn/graphs.h"
#include "nn/onnx_builder.h"
#include "nn/onnx_write.h"

namespace obscura::nn {
namespace {

using testing::Dims;
using ::testing::HasSubstr;
using testing::OnnxBuilder;
using testing::ramp;
using ::testing::ThrowsMessage;

/// x -> Conv -> MatMul, to be spoilt.
std::string small_model(const std::function<void(OnnxBuilder&)>& spoil = [](OnnxBuilder&) {}) {
  OnnxBuilder onnx({1, 1, 4, 4});
  onnx.floats("w", {2, 1, 3, 3}, ramp(18));
  const auto flat = onnx.node("Flatten", {onnx.node("Conv", {"x", "w"})});
  onnx.floats("v", {8, 2}, ramp(16));
  const auto y = onnx.node("MatMul", {flat, "v"});
  spoil(onnx);
  return onnx.bytes(y);
}

template <typename Kind = FormatError>
void expect_refused(const std::function<void(OnnxBuilder&)>& spoil, const char* message) {
  const std::string bytes = small_model(spoil);
  EXPECT_THAT([&] { OnnxBuilder::read_bytes(bytes); }, ThrowsMessage<Kind>(HasSubstr(message))) << message;
}

TEST(OnnxHostile, TheUnspoiltModelReads) {
  EXPECT_EQ(OnnxBuilder::read_bytes(small_model()).nodes.size(), 4U);
}

TEST(OnnxHostile, LyingShapes) {
  const auto weights = [](OnnxBuilder& b) { return b.model().mutable_graph()->mutable_initializer(0); };
  expect_refused([&](OnnxBuilder& b) { weights(b)->set_dims(0, 3); }, "does not fit its shape");
  expect_refused([&](OnnxBuilder& b) { weights(b)->set_dims(0, -2); }, "");
  expect_refused([&](OnnxBuilder& b) { weights(b)->set_dims(0, std::int64_t{1} << 62); }, "");
  expect_refused(
      [&](OnnxBuilder& b) {
        for (int i = 0; i < 4; ++i) weights(b)->set_dims(i, std::int64_t{1} << 32);
      },
      "");
  expect_refused(
      [&](OnnxBuilder& b) {
        weights(b)->clear_float_data();
        weights(b)->set_raw_data("abc");
      },
      "does not fit its shape");
}

TEST(OnnxHostile, HugeInputsAndWindows) {
  const auto side = [](OnnxBuilder& b, int axis, std::int64_t value) {
    b.model()
        .mutable_graph()
        ->mutable_input(0)
        ->mutable_type()
        ->mutable_tensor_type()
        ->mutable_shape()
        ->mutable_dim(axis)
        ->set_dim_value(value);
  };
  expect_refused([&](OnnxBuilder& b) { side(b, 2, std::int64_t{1} << 40); }, "impossible shape");
  expect_refused([&](OnnxBuilder& b) { side(b, 2, -4); }, "impossible shape");
  expect_refused([&](OnnxBuilder& b) { side(b, 1, 1 << 24); }, "too large");
  const auto attribute = [](OnnxBuilder& b, const char* name, const Dims& values) {
    auto* made = b.model().mutable_graph()->mutable_node(0)->add_attribute();
    made->set_name(name);
    made->set_type(onnx::AttributeProto::INTS);
    for (const auto v : values) made->add_ints(v);
  };
  expect_refused([&](OnnxBuilder& b) { attribute(b, "pads", Dims(4, 60000)); }, "more than");
  expect_refused([&](OnnxBuilder& b) { attribute(b, "pads", Dims(4, std::int64_t{1} << 62)); }, "impossible value");
  expect_refused([&](OnnxBuilder& b) { attribute(b, "strides", Dims{0, 1}); }, "impossible value");
  expect_refused([&](OnnxBuilder& b) { attribute(b, "dilations", Dims{-1, 1}); }, "impossible value");
  expect_refused<UnsupportedError>([&](OnnxBuilder& b) { attribute(b, "strides", Dims{1}); }, "two-dimensional");
}

TEST(OnnxHostile, MissingDoubledAndCircularTensors) {
  const auto node = [](OnnxBuilder& b, int i) { return b.model().mutable_graph()->mutable_node(i); };
  expect_refused([&](OnnxBuilder& b) { b.model().mutable_graph()->mutable_initializer(0)->set_name("other"); }, "w");
  expect_refused([&](OnnxBuilder& b) { node(b, 0)->set_input(0, node(b, 2)->output(0)); }, "");
  expect_refused([&](OnnxBuilder& b) { node(b, 1)->set_input(0, node(b, 1)->output(0)); }, "");
  expect_refused([&](OnnxBuilder& b) { node(b, 1)->set_output(0, node(b, 0)->output(0)); }, "twice");
  expect_refused([&](OnnxBuilder& b) { node(b, 1)->clear_output(); }, "");
  expect_refused([&](OnnxBuilder& b) { node(b, 0)->clear_input(); }, "");
  expect_refused([&](OnnxBuilder& b) { b.model().mutable_graph()->clear_input(); }, "no input");
  expect_refused([&](OnnxBuilder& b) { b.model().mutable_graph()->clear_node(); }, "no layers");
  expect_refused([&](OnnxBuilder& b) { b.model().clear_opset_import(); }, "operator set");
}

TEST(OnnxHostile, NumbersThatAreNotFinite) {
  const auto spoil = [](float value) {
    return [value](OnnxBuilder& b) { b.model().mutable_graph()->mutable_initializer(0)->set_float_data(3, value); };
  };
  expect_refused(spoil(std::numeric_limits<float>::infinity()), "not a finite number");
  expect_refused(spoil(std::numeric_limits<float>::quiet_NaN()), "not a finite number");
}

TEST(OnnxHostile, PartsThatAreNotRead) {
  expect_refused<UnsupportedError>([](OnnxBuilder& b) { b.model().add_functions()->set_name("f"); }, "functions");
  expect_refused<UnsupportedError>([](OnnxBuilder& b) { b.model().mutable_graph()->add_sparse_initializer(); },
                                   "sparse");
  expect_refused<UnsupportedError>(
      [](OnnxBuilder& b) {
        auto* where = b.model().mutable_graph()->mutable_initializer(0)->add_external_data();
        where->set_key("location");
        where->set_value("/etc/passwd");
      },
      "another file");
  expect_refused<UnsupportedError>(
      [](OnnxBuilder& b) {
        b.model().mutable_graph()->mutable_initializer(0)->set_data_type(onnx::TensorProto::COMPLEX64);
      },
      "unsupported type");
  expect_refused<UnsupportedError>([](OnnxBuilder& b) { b.model().mutable_graph()->add_output()->set_name("w"); },
                                   "one is supported");
}

TEST(OnnxHostile, Metadata) {
  const auto set = [](const char* key, const char* value) {
    return [key, value](OnnxBuilder& b) {
      auto* entry = b.model().add_metadata_props();
      entry->set_key(key);
      entry->set_value(value);
    };
  };
  expect_refused(set("mean", "nan"), "no list of numbers");
  expect_refused(set("mean", "0.1,0.2"), "2 numbers for 1 channel");
  expect_refused(set("std", "0"), "above zero");
  expect_refused(set("std", ""), "no list of numbers");
  expect_refused(set("classes", "a,b,c"), "3 names for 2 outputs");
  expect_refused(set("colour", "blue"), "grey, rgb or bgr");
}

TEST(OnnxHostile, ManySmallPartsAreRefusedBeforeTheyAreParsed) {
  // Two bytes a node, and thousands of nodes that share one weight.
  std::string nodes;
  for (int i = 0; i < 2'000'000; ++i) nodes += std::string("\x0a\x00", 2);
  std::string model(1, '\x3a');
  for (std::size_t n = nodes.size();; n >>= 7) {
    model += static_cast<char>((n & 0x7f) | (n > 0x7f ? 0x80 : 0));
    if (n <= 0x7f) break;
  }
  EXPECT_THAT([&] { OnnxBuilder::read_bytes(model + nodes); }, ThrowsMessage<FormatError>(HasSubstr("more parts")));

  OnnxBuilder onnx({1, 256});
  onnx.floats("w", {256, 256}, ramp(65536, 1e-6F));
  std::string y = "x";
  for (int i = 0; i < 4000; ++i) y = onnx.node("MatMul", {y, "w"});
  const std::string bytes = onnx.bytes(y);
  EXPECT_THAT([&] { OnnxBuilder::read_bytes(bytes); }, ThrowsMessage<FormatError>(HasSubstr("too often")));
}

TEST(OnnxHostile, FilesThatAreNone) {
  const auto path = std::filesystem::temp_directory_path() / ("obscura-hostile-" + std::to_string(::getpid()));
  EXPECT_THROW(read_onnx(path / "missing.onnx"), IoError);
  EXPECT_THROW(read_onnx(std::filesystem::temp_directory_path()), IoError);
  std::ofstream(path) << "no network at all";
  EXPECT_THROW(read_onnx(path), FormatError);
  std::filesystem::resize_file(path, (std::size_t{1} << 30) + 1);  // a hole: no disk is used
  EXPECT_THAT([&] { read_onnx(path); }, ThrowsMessage<FormatError>(HasSubstr("larger than 1 GiB")));
  std::filesystem::remove(path);
  EXPECT_THROW(read_onnx({}, "empty"), FormatError);
}

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

TEST(OnnxHostile, EveryTruncationIsSurvived) {
  const std::string bytes = small_model();
  for (std::size_t n = 0; n < bytes.size(); ++n) reads(bytes.substr(0, n));
}

std::string mutated(std::string bytes, std::mt19937_64& engine) {
  const auto at = [&] { return engine() % bytes.size(); };
  for (std::size_t i = engine() % 4 + 1; i > 0; --i) {
    switch (engine() % 6) {
      case 0:
        bytes[at()] = static_cast<char>(engine());
        break;
      case 1:
        bytes[at()] ^= static_cast<char>(1 << engine() % 8);
        break;
      case 2:
        bytes.erase(at(), engine() % 8 + 1);
        break;
      case 3:
        bytes.insert(at(), bytes.substr(at(), engine() % 16));
        break;
      case 4:
        bytes[at()] = static_cast<char>(engine() % 2 == 0 ? 0xff : 0x00);
        break;
      default:
        bytes.resize(at() + 1);
        break;
    }
    if (bytes.empty()) bytes.assign(1, 'x');
  }
  return bytes;
}

TEST(OnnxHostile, MutatedFilesAreSurvived) {
  std::mt19937_64 engine(1);
  std::vector<std::string> seeds{small_model()};
  for (std::uint64_t seed = 0; seed < 6; ++seed) {
    const auto bytes = to_onnx(testing::random_graph(seed), {{"command", "obscura train"}});
    seeds.emplace_back(bytes.begin(), bytes.end());
  }
  std::size_t read = 0;
  for (int i = 0; i < 14'000; ++i)
    read += reads(mutated(seeds[static_cast<std::size_t>(i) % seeds.size()], engine)) ? 1 : 0;
  EXPECT_GT(read, 100U) << "some changes only touch weights";
  EXPECT_LT(read, 13'000U);
}

TEST(OnnxHostile, GarbageIsSurvived) {
  std::mt19937_64 engine(2);
  for (int i = 0; i < 5000; ++i) {
    std::string bytes(engine() % 300, '\0');
    for (char& c : bytes) c = static_cast<char>(engine());
    EXPECT_FALSE(reads(bytes));
  }
}

}  // namespace
}  // namespace obscura::nn
