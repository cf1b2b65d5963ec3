// Owner and server who share files and nothing else: compile --out, keygen --client, classify --program, inspect.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/support.h"

namespace obscura::cli {
namespace {

using ::testing::HasSubstr;

/// The tutorial's network compiled, keys for it, a query and its answer; made once for all tests.
class ProgramFiles : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TemporaryFolder;
    expect_good({"compile", kModel, "--out", at("net")});
    expect_good({"keygen", "--client", at("net/client.spec"), "--out", at("keys")});
    expect_good({"encrypt", "--keys", at("keys"), sample("7-0"), "--out", at("query.ct")});
    expect_good({"classify", "--program", at("net/server.program"), "--eval-keys", at("keys/evaluation.key"),
                 at("query.ct"), "--out", at("answer.ct")});
  }
  static void TearDownTestSuite() {
    delete folder_;
    folder_ = nullptr;
  }

  static std::string at(const std::string& name) { return (*folder_ / name).string(); }
  static Result expect_good(const std::vector<std::string>& arguments) {
    auto result = obscura(arguments);
    EXPECT_EQ(result.status, 0) << arguments[0] << ": " << result.err;
    return result;
  }
  static void expect_refused(const std::vector<std::string>& arguments, const std::string& why, int status = 1) {
    const auto result = obscura(arguments);
    EXPECT_EQ(result.status, status) << why;
    EXPECT_EQ(result.errors(), 1u) << result.err;
    EXPECT_THAT(result.err, HasSubstr(why));
  }

  static TemporaryFolder* folder_;
};

TemporaryFolder* ProgramFiles::folder_ = nullptr;

TEST_F(ProgramFiles, TheOwnerReadsTheAnswer) {
  const auto result = expect_good({"decrypt", "--keys", at("keys"), at("answer.ct"), "--json"});
  EXPECT_EQ(result.json()["images"][0]["label"], "7") << result.out;
}

TEST_F(ProgramFiles, TheOwnersFilesHoldNoWeight) {
  // The 3,136 places of the first layer's windows; the weights are 17,298 numbers.
  EXPECT_LT(fs::file_size(at("net/client.spec")), 20000u);
  // Weights of four bytes are some 69 KB in the network's file.
  EXPECT_GT(fs::file_size(at("net/server.program")), 40000u);
  EXPECT_LT(fs::file_size(at("net/server.program")), 4 * fs::file_size(kModel));
}

TEST_F(ProgramFiles, InspectSaysWhatEachIs) {
  struct Case {
    const char* file;
    const char* kind;
    std::vector<std::string> has;
  };
  const std::string id = expect_good({"inspect", at("keys/secret.key"), "--json"}).json()["key"];
  EXPECT_EQ(id.size(), 32u);
  for (const auto& [file, kind, has] :
       {Case{"net/server.program", "a compiled program", {"program", "parameters", "stages", "preprocessing"}},
        Case{"net/client.spec", "the client spec of a program", {"program", "parameters", "rotation_keys"}},
        Case{"keys/client.spec", "the client spec of a program", {"program", "key"}},
        Case{"keys/evaluation.key", "evaluation keys", {"parameters", "key", "rotation_keys"}},
        Case{"keys/secret.key", "a secret key", {"parameters", "key"}},
        Case{"query.ct", "an encrypted query", {"program", "key", "query", "images"}},
        Case{"answer.ct", "an encrypted answer", {"program", "key", "query", "images"}}}) {
    const auto json = expect_good({"inspect", at(file), "--json"}).json();
    EXPECT_EQ(json["kind"], kind) << file;
    EXPECT_EQ(json["bytes"], fs::file_size(at(file))) << file;
    for (const auto& key : has) EXPECT_TRUE(json.contains(key)) << file << " " << key;
    if (json.contains("key") && !json["key"].is_null()) {
      EXPECT_EQ(json["key"], id) << file;
    }
    EXPECT_THAT(expect_good({"inspect", at(file)}).out, HasSubstr(kind));
  }
  EXPECT_TRUE(expect_good({"inspect", at("net/client.spec"), "--json"}).json()["key"].is_null());
  const auto spec = expect_good({"inspect", at("net/client.spec"), "--json"}).json();
  EXPECT_EQ(spec["program"], expect_good({"inspect", at("answer.ct"), "--json"}).json()["program"]);
  EXPECT_EQ(spec["parameters"]["security_bits"].get<int>() >= 128, true);
  EXPECT_EQ(expect_good({"inspect", kModel, "--json"}).json()["kind"], "an ONNX network");
  EXPECT_EQ(expect_good({"inspect", sample("7-0"), "--json"}).json()["kind"], "a PNG picture");
}

TEST_F(ProgramFiles, InspectRefusesGarbage) {
  put_text(at("noise"), std::string("\x01\x02\x03nothing that anybody knows\xff\xfe", 30));
  expect_refused({"inspect", at("noise")}, "is no file that obscura knows");
  put_text(at("empty"), "");
  expect_refused({"inspect", at("empty")}, "is no file that obscura knows");
  expect_refused({"inspect", at("nowhere")}, "nowhere");
  for (const char* file : {"net/server.program", "net/client.spec", "query.ct"}) {
    const std::string whole = text_of(at(file));
    put_text(at("cut"), whole.substr(0, whole.size() / 2));
    expect_refused({"inspect", at("cut")}, "cut ");
    std::string altered = whole;
    altered[whole.size() / 2] ^= 1;
    put_text(at("cut"), altered);
    expect_refused({"inspect", at("cut")}, "cut ");
  }
}

TEST_F(ProgramFiles, OtherProgramsAreRefused) {
  expect_good({"compile", kModel, "--mode", "batched", "--out", at("other")});
  expect_refused({"classify", "--program", at("other/server.program"), "--eval-keys", at("keys/evaluation.key"),
                  at("query.ct"), "--out", at("never.ct")},
                 "was made for another program");
  EXPECT_FALSE(fs::exists(at("never.ct")));
  // The wrong file of the two.
  expect_refused({"keygen", "--client", at("net/server.program"), "--out", at("keys2")}, "holds a compiled program");
  expect_refused({"classify", "--program", at("net/client.spec"), "--eval-keys", at("keys/evaluation.key"),
                  at("query.ct"), "--out", at("never.ct")},
                 "holds the client spec of a program");
  EXPECT_FALSE(fs::exists(at("keys2")));
  // A spec from somebody's keys.
  expect_refused({"keygen", "--client", at("keys/client.spec"), "--out", at("keys2")}, "keys that were made already");
}

TEST_F(ProgramFiles, OptionsThatWouldChangeNothingAreRefused) {
  expect_refused({"keygen", "--out", at("keys3")}, "--client", 2);
  expect_refused({"keygen", "--client", at("net/client.spec"), "--mode", "batched", "--out", at("keys3")}, "--mode", 2);
  expect_refused({"classify", "--eval-keys", at("keys/evaluation.key"), at("query.ct"), "--out", at("never.ct")},
                 "--program", 2);
  const auto both = obscura({"keygen", "--client", at("net/client.spec"), "--network", kModel, "--out", at("keys3")});
  EXPECT_EQ(both.status, 2);
}

TEST_F(ProgramFiles, CompileWritesOverNothingElse) {
  expect_refused({"compile", kModel, "--out", at("keys")}, "it holds keys");
  put_text(at("plain"), "a file");
  expect_refused({"compile", kModel, "--out", at("plain")}, "it is no folder");
  fs::create_directory(at("mixed"));
  fs::copy_file(sample("7-0"), at("mixed/client.spec"));
  expect_refused({"compile", kModel, "--out", at("mixed")}, "a PNG picture");
  EXPECT_FALSE(fs::exists(at("mixed/server.program")));
}

TEST_F(ProgramFiles, AnswersMayBeShownWhereTheProgramIsMadeForIt) {
  expect_refused({"decrypt", "--keys", at("keys"), at("answer.ct"), "--share", "8"}, "--share 8");
  expect_good({"compile", kModel, "--share", "8", "--out", at("shown")});
  expect_good({"keygen", "--client", at("shown/client.spec"), "--out", at("shown-keys")});
  expect_good({"encrypt", "--keys", at("shown-keys"), sample("7-0"), "--out", at("shown.ct")});
  expect_good({"classify", "--program", at("shown/server.program"), "--eval-keys", at("shown-keys/evaluation.key"),
               at("shown.ct"), "--out", at("shown-answer.ct")});
  const auto result =
      expect_good({"decrypt", "--keys", at("shown-keys"), at("shown-answer.ct"), "--share", "8", "--json"});
  EXPECT_EQ(result.json()["images"][0]["label"], "7") << result.out;
  EXPECT_EQ(result.json()["shared"], 8);
}

// Two runs of compile, and keys by compiling at the owner, are the same program.
TEST_F(ProgramFiles, CompilingAgainIsTheSameProgram) {
  expect_good({"compile", kModel, "--out", at("again")});
  EXPECT_EQ(text_of(at("again/server.program")), text_of(at("net/server.program")));
  EXPECT_EQ(text_of(at("again/client.spec")), text_of(at("net/client.spec")));
  expect_good({"keygen", "--network", kModel, "--out", at("own")});
  expect_good({"encrypt", "--keys", at("own"), sample("3-0"), "--out", at("own.ct")});
  expect_good({"classify", "--program", at("net/server.program"), "--eval-keys", at("own/evaluation.key"), at("own.ct"),
               "--out", at("own-answer.ct")});
  const auto result = expect_good({"decrypt", "--keys", at("own"), at("own-answer.ct"), "--json"});
  EXPECT_EQ(result.json()["images"][0]["label"], "3") << result.out;
}

}  // namespace
}  // namespace obscura::cli
