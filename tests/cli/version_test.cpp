// `--version` and `--version --json`, of every part of the program.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <fstream>

#include "cli/support.h"

namespace obscura::cli {
namespace {

using testing::Contains;
using testing::HasSubstr;

const std::vector<std::string> kParts = {"obscura",        "obscura-networks", "obscura-learning",
                                         "obscura-server", "obscura-remote",   "obscura-trusted"};

/// What a part says, run by its own name.
Result part(const std::string& name, const std::string& arguments, const std::string& before = "") {
  // The last of `before`: obscura itself gets a question that costs nothing.
  return obscura({"--version"}, before + " '" + OBSCURA_BINARY_DIR "/" + name + "' " + arguments + "; exit $?;");
}

nlohmann::json version_of(const std::string& name = "obscura", const std::string& before = "") {
  const Result result = part(name, "--version --json", before);
  EXPECT_EQ(result.status, 0) << result.err;
  return result.json();
}

std::string pkg_config(const std::string& module) {
  const Result asked = obscura({"--version"}, "pkg-config --modversion " + module + "; exit $?;");
  return asked.status == 0 ? asked.out.substr(0, asked.out.find('\n')) : "";
}

TEST(Version, IsOneLineOfEveryPart) {
  for (const auto& name : kParts) {
    if (!fs::exists(OBSCURA_BINARY_DIR "/" + name)) continue;
    const Result result = part(name, "--version");
    EXPECT_EQ(result.status, 0) << name;
    EXPECT_EQ(result.out.find('\n'), result.out.size() - 1) << name;
    EXPECT_TRUE(result.out.starts_with("obscura ")) << result.out;
    EXPECT_EQ(version_of(name)["program"], name);
  }
}

TEST(Version, NamesThePartsThatAreThere) {
  const auto programs = version_of()["programs"];
  ASSERT_EQ(programs.size(), kParts.size());
  for (const auto& name : kParts) EXPECT_EQ(programs[name], fs::exists(OBSCURA_BINARY_DIR "/" + name)) << name;
  const auto components = version_of()["components"];
  EXPECT_EQ(components["learning"], fs::exists(OBSCURA_BINARY_DIR "/obscura-learning"));
  EXPECT_EQ(components["service"], fs::exists(OBSCURA_BINARY_DIR "/obscura-server"));
  for (const char* name : {"tiff", "python"}) EXPECT_TRUE(components[name].is_boolean()) << name;
}

TEST(Version, KernelsAreThoseThatRunAndThatWereAskedFor) {
  const auto kernels = version_of("obscura", "unset OBSCURA_ISA;")["kernels"];
  const auto available = kernels["available"].get<std::vector<std::string>>();
  ASSERT_FALSE(available.empty());
  EXPECT_EQ(available.front(), "scalar");
  EXPECT_EQ(kernels["chosen"], available.back());
  EXPECT_TRUE(kernels["asked"].is_null());
  for (const auto& isa : available) {
    const auto json = version_of("obscura", "export OBSCURA_ISA=" + isa + ";");
    EXPECT_EQ(json["kernels"]["chosen"], isa);
    EXPECT_EQ(json["kernels"]["asked"], isa);
    EXPECT_EQ(json["isa"], isa);
  }
}

TEST(Version, LibrariesAreWhatTheSystemHas) {
  const auto json = version_of();
  std::map<std::string, std::string> libraries;
  for (const auto& one : json["libraries"]) libraries[one["name"]] = one["version"];
  const std::vector<std::pair<std::string, std::string>> modules = {
      {"libsodium", "libsodium"}, {"zstd", "libzstd"},    {"zlib", "zlib"},
      {"libpng", "libpng"},       {"libwebp", "libwebp"}, {"libjpeg-turbo", "libjpeg"}};
  for (const auto& [library, module] : modules) {
    const std::string expected = pkg_config(module);
    if (expected.empty()) continue;
    EXPECT_EQ(libraries[library], expected) << library;
  }
  // What is loaded is named by its file; an owner's program loads no ONNX.
  const auto loaded = json["loaded"].get<std::vector<std::string>>();
  EXPECT_THAT(loaded, Contains(HasSubstr("libsodium.so.")));
  EXPECT_THAT(loaded, Contains(HasSubstr("libc.so.")));
  EXPECT_THAT(loaded, testing::Not(Contains(HasSubstr("onnx"))));
  EXPECT_THAT(version_of("obscura-networks")["loaded"].get<std::vector<std::string>>(), Contains(HasSubstr("onnx")));
}

TEST(Version, WireFormatIsWhatFilesBear) {
  const TemporaryFolder folder;
  const std::string net = (folder / "net").string();
  ASSERT_EQ(obscura({"compile", kModel, "--out", net}).status, 0);
  const auto kinds = version_of()["wire_format"]["kinds"];
  for (const char* name : {"/client.spec", "/server.program"}) {
    std::ifstream in(net + name, std::ios::binary);
    unsigned char head[12] = {};
    in.read(reinterpret_cast<char*>(head), sizeof head);
    ASSERT_EQ(std::memcmp(head, "OBSCURA", 8), 0);
    const int version = head[8] + 256 * head[9], kind = head[10] + 256 * head[11];
    ASSERT_LE(kind, static_cast<int>(kinds.size()));
    EXPECT_EQ(kinds[kind - 1]["kind"], kind);
    EXPECT_EQ(kinds[kind - 1]["version"], version) << name;
  }
  for (const auto& kind : kinds) EXPECT_NE(kind["name"], "something unknown");
}

TEST(Version, SecurityTableIsThatOf2024) {
  const auto security = version_of()["security"];
  EXPECT_EQ(security["bits"], 128);
  const std::map<int, int> published = {{10, 26},  {11, 53},  {12, 106},  {13, 214},
                                        {14, 430}, {15, 868}, {16, 1747}, {17, 3523}};
  ASSERT_EQ(security["largest"].size(), published.size());
  for (const auto& row : security["largest"]) EXPECT_EQ(row["log_qp"], published.at(row["log_n"].get<int>()));
}

TEST(Version, TakesNothingElse) {
  const std::vector<std::vector<std::string>> mistakes = {
      {"--json"}, {"--version", "--json", "--json"}, {"--version", "--xml"}, {"--version", "demo"}};
  for (const auto& words : mistakes) {
    const Result result = obscura(words);
    EXPECT_EQ(result.status, 2) << words.back();
    EXPECT_EQ(result.out, "");
    EXPECT_EQ(result.error_lines(), 1U) << result.err;
  }
}

}  // namespace
}  // namespace obscura::cli
