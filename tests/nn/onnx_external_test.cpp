#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/error.h"
#include "nn/onnx_builder.h"
#include "nn/reference.h"

/// Weights in a file beside the network's.
namespace obscura::nn {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::OnnxBuilder;
using ::testing::ThrowsMessage;

class OnnxExternal : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("obscura-external-" + std::to_string(::getpid()));
    fs::create_directories(folder_ / "model" / "deep");
    for (const char* name : {"outside", "model/w.bin", "model/deep/w.bin"}) {
      std::ofstream stream(folder_ / name, std::ios::binary);
      const float values[] = {-1, 1, 10, 100};
      stream.write(reinterpret_cast<const char*>(values), sizeof(values));
    }
  }
  void TearDown() override { fs::remove_all(folder_); }

  /// A dense layer of three weights that are there.
  Graph read(const std::string& location, const std::string& offset = "4", const std::string& length = "12") {
    OnnxBuilder onnx({1, 3});
    auto* w = onnx.model().mutable_graph()->add_initializer();
    w->set_name("w");
    w->set_data_type(onnx::TensorProto::FLOAT);
    w->add_dims(3);
    w->add_dims(1);
    w->set_data_location(onnx::TensorProto::EXTERNAL);
    const std::pair<const char*, std::string> entries[] = {
        {"location", location}, {"offset", offset}, {"length", length}};
    for (const auto& [key, value] : entries) {
      if (value.empty()) continue;
      auto* entry = w->add_external_data();
      entry->set_key(key);
      entry->set_value(value);
    }
    const std::string bytes = onnx.bytes(onnx.node("MatMul", {"x", "w"}));
    std::ofstream(folder_ / "model" / "net.onnx", std::ios::binary) << bytes;
    return read_onnx(folder_ / "model" / "net.onnx");
  }

  void refuse(const std::string& location, const char* message, const std::string& offset = "4",
              const std::string& length = "12") {
    SCOPED_TRACE(location + " " + offset + " " + length);
    EXPECT_THAT([&] { read(location, offset, length); }, ThrowsMessage<Error>(HasSubstr(message)));
  }

  fs::path folder_;
};

TEST_F(OnnxExternal, IsReadFromTheNetworksFolder) {
  for (const char* where : {"w.bin", "deep/w.bin", "./w.bin"}) {
    EXPECT_THAT(run_reference(read(where), std::vector<float>{1, 2, 3}), ElementsAre(321)) << where;
  }
  EXPECT_THAT(run_reference(read("w.bin", "4", ""), std::vector<float>{1, 2, 3}), ElementsAre(321)) << "no length";
  EXPECT_THAT(run_reference(read("w.bin", "", ""), std::vector<float>{1, 2, 3}), ElementsAre(31)) << "no offset";
}

TEST_F(OnnxExternal, NothingOutsideOfItIs) {
  refuse("../outside", "not below the network's folder");
  refuse("deep/../w.bin", "not below the network's folder");
  refuse((folder_ / "outside").string(), "not below the network's folder");
  refuse("..\\outside", "not below the network's folder");
  fs::create_symlink(folder_ / "outside", folder_ / "model" / "link");
  refuse("link", "a link out of");
  fs::create_directory_symlink(folder_, folder_ / "model" / "up");
  refuse("up/outside", "a link out of");
  refuse("missing", "no such file beside");
  refuse("deep", "no such file beside");
  refuse("/dev/zero", "not below the network's folder");
  refuse("", "which file");
}

TEST_F(OnnxExternal, NoMoreThanTheFileHas) {
  refuse("w.bin", "beyond the end", "8");
  refuse("w.bin", "beyond the end", "18446744073709551615");
  refuse("w.bin", "no number", "-1");
  refuse("w.bin", "no number", "4x");
  refuse("w.bin", "does not fit its shape", "0", "16");
  refuse("w.bin", "does not fit its shape", "0", "8");
}

}  // namespace
}  // namespace obscura::nn
