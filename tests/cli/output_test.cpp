// No verb writes over what it reads, over a secret, or over a file of another kind.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

#include "study/file_kind.h"
#include "support.h"

namespace obscura::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;

/// Keys, a query and an answer, made once; each test has a copy.
class Outputs : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    made_ = new TemporaryFolder;
    const std::string keys = (*made_ / "keys").string();
    ASSERT_EQ(obscura({"keygen", "--network", kModel, "--out", keys}).status, 0);
    ASSERT_EQ(obscura({"encrypt", "--keys", keys, sample("7-0"), "--out", (*made_ / "query.ct").string()}).status, 0);
    ASSERT_EQ(obscura({"classify", "--network", kModel, "--eval-keys", keys + "/evaluation.key",
                       (*made_ / "query.ct").string(), "--out", (*made_ / "answer.ct").string()})
                  .status,
              0);
  }
  static void TearDownTestSuite() {
    delete made_;
    made_ = nullptr;
  }
  void SetUp() override {
    fs::copy(made_->path(), work_.path(), fs::copy_options::recursive);
    for (const char* name : {"a.png", "b.png"}) fs::copy_file(sample("7-0"), work_ / name);
    fs::copy_file(kModel, work_ / "net.onnx");
    put_text(work_ / "notes.txt", "something of the user's\n");
    put_text(work_ / "package.json", "{\"name\": \"something else\"}\n");
    ASSERT_EQ(
        run({"protect", "--shield", "etc", "--colour", "--key", "shield.json", "--make-key", "a.png", "p.png"}).status,
        0);
  }

  /// Runs the program in the folder of the test.
  Result run(const std::vector<std::string>& words) const {
    return obscura(words, "cd " + quoted(work_.path().string()) + ";");
  }
  /// Refused in one line, and every file is what it was.
  void expect_refused(const std::vector<std::string>& words, const std::string& file, const std::string& why) const {
    const auto before = contents();
    const Result result = run(words);
    const std::string command = testing::PrintToString(words);
    EXPECT_EQ(result.status, 1) << command;
    EXPECT_EQ(result.error_lines(), 1u) << command << result.err;
    EXPECT_THAT(result.err, AllOf(HasSubstr("cannot write " + file), HasSubstr(why))) << command;
    EXPECT_TRUE(contents() == before) << command << ": a file changed";
  }
  std::vector<std::pair<std::string, std::string>> contents() const {
    std::vector<std::pair<std::string, std::string>> all;
    for (const auto& entry : fs::recursive_directory_iterator(work_.path())) {
      all.emplace_back(entry.path(), entry.is_regular_file() ? text_of(entry.path()) : std::string());
    }
    std::sort(all.begin(), all.end());
    return all;
  }
  std::vector<std::string> encrypt(const std::string& out) const {
    return {"encrypt", "--keys", "keys", "a.png", "--out", out};
  }
  std::vector<std::string> classify(const std::string& out) const {
    return {"classify", "--network", "net.onnx", "--eval-keys", "keys/evaluation.key", "query.ct", "--out", out};
  }
  /// The command with --force, which must not help.
  static std::vector<std::string> forced(std::vector<std::string> words) {
    words.emplace_back("--force");
    return words;
  }

  static TemporaryFolder* made_;
  TemporaryFolder work_;
};
TemporaryFolder* Outputs::made_ = nullptr;

TEST_F(Outputs, NeverOverAnInputByWhateverName) {
  fs::create_symlink("a.png", work_ / "link.png");
  fs::create_hard_link(work_ / "a.png", work_ / "hard.png");
  fs::create_directory(work_ / "inner");
  for (const char* out : {"a.png", "./a.png", "inner/../a.png", "link.png", "hard.png"}) {
    expect_refused(forced(encrypt(out)), out, "it is an input of this command");
  }
  expect_refused(forced(encrypt("keys/client.spec")), "keys/client.spec", "it is an input");
  for (const char* out : {"net.onnx", "query.ct", "keys/evaluation.key"}) {
    expect_refused(forced(classify(out)), out, "it is an input");
  }
  expect_refused({"protect", "--colour", "--key", "shield.json", "a.png", "a.png", "--force"}, "a.png",
                 "it is an input");
  expect_refused({"reveal", "--key", "shield.json", "p.png", "p.png", "--force"}, "p.png", "it is an input");
  expect_refused({"compile", "net.onnx", "--save", "net.onnx", "--force"}, "net.onnx", "it is an input");
  expect_refused({"evaluate", "--network", "net.onnx", "--dataset", "samples", "--out", "net.onnx", "--force"},
                 "net.onnx", "it is an input");
}

TEST_F(Outputs, ViewOfAProtectedPictureIsAnOutputToo) {
  fs::copy_file(work_ / "a.png", work_ / "x.view.png");
  expect_refused({"protect", "--shield", "hill", "--key", "k.json", "--make-key", "x.view.png", "x.shield"},
                 "x.view.png", "it is an input");
}

TEST_F(Outputs, NeverOverAKey) {
  fs::copy_file(work_ / "keys/secret.key", work_ / "other-name");
  for (const char* out : {"keys/secret.key", "other-name"}) {
    expect_refused(forced(encrypt(out)), out, "");
    expect_refused(forced(classify(out)), out, "it is a secret key");
    expect_refused({"compile", "net.onnx", "--save", out, "--force"}, out, "it is a secret key");
    expect_refused({"data", "show", "samples", "--out", out, "--force"}, out, "it is a secret key");
  }
  expect_refused(forced(classify("shield.json")), "shield.json", "it is the key of a shield");
  expect_refused({"evaluate", "--network", "net.onnx", "--dataset", "samples", "--out", "shield.json", "--force"},
                 "shield.json", "it is the key of a shield");
  // Neither over one that was damaged, by its name.
  put_text(work_ / "keys/secret.key", "damaged");
  expect_refused(forced(classify("keys/secret.key")), "keys/secret.key", "it is a secret key");
}

TEST_F(Outputs, AnotherKindOnlyByForce) {
  const std::vector<std::pair<std::string, std::string>> others = {{"b.png", "a PNG picture"},
                                                                   {"p.png", "a protected picture"},
                                                                   {"net.onnx", "an ONNX network"},
                                                                   {"answer.ct", "an encrypted answer"},
                                                                   {"notes.txt", "a file of another kind"}};
  for (const auto& [out, kind] : others) expect_refused(encrypt(out), out, "it is " + kind);
  expect_refused(classify("keys/client.spec"), "keys/client.spec", "the client spec");
  expect_refused({"protect", "--colour", "--key", "shield.json", "a.png", "b.png"}, "b.png", "it is a PNG picture");
  fs::copy_file(work_ / "net.onnx", work_ / "net.png");
  expect_refused({"reveal", "--key", "shield.json", "p.png", "net.png"}, "net.png", "it is an ONNX network");
  expect_refused({"evaluate", "--network", "net.onnx", "--dataset", "samples", "--out", "package.json"}, "package.json",
                 "it is a file of another kind");
  expect_refused({"data", "show", "samples", "--out", "net.onnx"}, "net.onnx", "it is an ONNX network");
  expect_refused({"train", "--model", "tenseal", "--dataset", "samples", "--out", "b.png"}, "b.png", "a PNG picture");

  EXPECT_EQ(run(forced(encrypt("notes.txt"))).status, 0);
  EXPECT_EQ(study::kind_of(work_ / "notes.txt"), study::FileKind::query);
}

TEST_F(Outputs, TheSameKindIsRenewedWithoutAsking) {
  put_text(work_ / "empty", "");
  for (const char* out : {"query.ct", "empty", "new.ct", "query.ct"}) EXPECT_EQ(run(encrypt(out)).status, 0) << out;
  EXPECT_EQ(run(classify("answer.ct")).status, 0);
  EXPECT_EQ(run(encrypt("/dev/null")).status, 0);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(run({"compile", "net.onnx", "--save", "ready.onnx"}).status, 0);
    EXPECT_EQ(run({"protect", "--colour", "--key", "shield.json", "a.png", "p.png"}).status, 0);
    EXPECT_EQ(run({"data", "show", "samples", "--out", "sheet.png"}).status, 0);
    EXPECT_EQ(
        run({"evaluate", "--network", "net.onnx", "--dataset", "samples", "--limit", "1", "--out", "r.json"}).status,
        0);
  }
}

TEST_F(Outputs, TwoOfOneNameAreRefused) {
  expect_refused({"evaluate", "--network", "net.onnx", "--dataset", "samples", "--out", "r", "--resume", "./r"}, "./r",
                 "would write it twice");
}

TEST_F(Outputs, FoldersAreNotMixed) {
  const auto before = contents();
  const Result drawn = run({"data", "draw-digits", "--out", ".", "--count", "3"});
  EXPECT_EQ(drawn.status, 1);
  EXPECT_THAT(drawn.err, HasSubstr("no empty folder"));
  EXPECT_TRUE(contents() == before);
  EXPECT_EQ(run({"data", "draw-digits", "--out", "digits", "--count", "3"}).status, 0);
  EXPECT_EQ(run({"data", "draw-digits", "--out", "digits", "--count", "4", "--force"}).status, 0);
  EXPECT_EQ(std::distance(fs::directory_iterator(work_ / "digits"), {}), 4);
}

/// What a run leaves that is ended in the middle of its work: nothing that bears the output's name, and no rest of it.
TEST_F(Outputs, ASignalLeavesNoRest) {
  const std::string program = quoted(OBSCURA_BINARY_DIR "/obscura");
  const std::string script = "cd " + quoted(work_.path().string()) + "; " + program +
                             " data draw-digits --out drawn --count 1000000 2>err & sleep 0.7; kill -TERM $!; wait $!";
  const int status = std::system(("bash -c " + quoted(script) + " >/dev/null 2>&1").c_str());
  EXPECT_EQ(WEXITSTATUS(status), 128 + SIGTERM);
  EXPECT_FALSE(fs::exists(work_ / "drawn"));
  for (const auto& name : work_.files()) EXPECT_THAT(name, testing::Not(HasSubstr(".partial")));
}

}  // namespace
}  // namespace obscura::cli
