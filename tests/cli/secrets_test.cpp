// Sealed keys at the command line, and that nothing of a key or a passphrase gets out of a verb that holds them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sodium.h>

#include "cli/sealed_keys.h"

namespace obscura::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class Secrets : public SealedKeys {};

TEST_F(Secrets, FromMakingToReading) {
  EXPECT_THAT(keygen_->out, HasSubstr("sealed with a passphrase"));
  EXPECT_EQ(fs::status(fs::path(keys()) / "secret.key").permissions(), fs::perms(0600));
  const Result encrypted = encrypt({"--passphrase-file", word()});
  ASSERT_EQ(encrypted.status, 0) << encrypted.err;
  const std::string answer = (work_ / "answer.ct").string();
  const Result classified =
      obscura({"classify", "--network", kModel, "--eval-keys", keys() + "/evaluation.key", query(), "--out", answer});
  ASSERT_EQ(classified.status, 0) << classified.err;
  const Result read = obscura({"decrypt", "--keys", keys(), answer, "--json", "--passphrase-env", "WORD"},
                              "export WORD='" + kWord + "';");
  ASSERT_EQ(read.status, 0) << read.err;
  EXPECT_EQ(read.json()["images"].at(0)["class"], 7);
}

TEST_F(Secrets, APipeIsAFile) {
  const Result encrypted = encrypt({"--passphrase-file", "/dev/stdin"}, "printf '%s\\n' '" + kWord + "' |");
  EXPECT_EQ(encrypted.status, 0) << encrypted.err;
}

TEST_F(Secrets, OneLineSaysWhatIsWrong) {
  struct Wrong {
    std::vector<std::string> options;
    int status;
    std::string says;
  };
  put_private(work_ / "empty", "\n");
  const std::string empty = (work_ / "empty").string(), key = (fs::path(keys()) / "secret.key").string();
  for (const Wrong& wrong : std::vector<Wrong>{
           {{}, 2, key + " is sealed with a passphrase: give it by --passphrase-file or --passphrase-env"},
           {{"--passphrase-file", other()}, 1, key + " does not open with this passphrase"},
           {{"--passphrase-file", (work_ / "none").string()}, 1, "No such file"},
           {{"--passphrase-file", empty}, 2, "holds no passphrase"},
           {{"--passphrase-file", kModel}, 2, "is that the right file?"},
           {{"--passphrase-env", "NO_SUCH_VARIABLE"}, 2, "$NO_SUCH_VARIABLE holds no passphrase"},
           {{"--passphrase-env", "A", "--passphrase-file", "b"}, 2, "excludes"},
       }) {
    const Result result = encrypt(wrong.options, "export LC_ALL=C; exec </dev/null;");
    EXPECT_EQ(result.status, wrong.status) << wrong.says;
    EXPECT_EQ(result.errors(), 1u) << result.err;
    EXPECT_THAT(result.err, AllOf(HasSubstr(wrong.says), Not(HasSubstr(kOther))));
    EXPECT_FALSE(fs::exists(query()));
  }
}

TEST_F(Secrets, ShortPassphrasesMakeNoKeys) {
  put_private(work_ / "short", "1234567");
  const Result made = obscura({"keygen", "--network", kModel, "--out", (work_ / "new").string(), "--passphrase-file",
                               (work_ / "short").string()});
  EXPECT_EQ(made.status, 2);
  EXPECT_THAT(made.err, HasSubstr("7 bytes, expected at least 8"));
  EXPECT_FALSE(fs::exists(work_ / "new"));
}

TEST_F(Secrets, AFileThatOthersCanReadIsNoted) {
  put_text(work_ / "open", kWord);
  fs::permissions(work_ / "open", fs::perms(0644));
  const Result encrypted = encrypt({"--passphrase-file", (work_ / "open").string()});
  EXPECT_EQ(encrypted.status, 0);
  EXPECT_THAT(encrypted.err, HasSubstr("note: " + (work_ / "open").string() + " can be read by others"));
}

TEST_F(Secrets, AnotherPassphraseAndNone) {
  const fs::path file = fs::path(keys()) / "secret.key";
  const std::string before = text_of(file);
  EXPECT_EQ(passphrase({"--passphrase-file", other(), "--new-passphrase-file", other()}).status, 1);
  EXPECT_EQ(passphrase({"--passphrase-file", word()}).status, 2);
  EXPECT_EQ(passphrase({"--passphrase-file", word(), "--unseal", "--new-passphrase-file", other()}).status, 2);
  EXPECT_EQ(text_of(file), before);
  const Result changed = passphrase({"--passphrase-file", word(), "--new-passphrase-file", other(), "--json"});
  ASSERT_EQ(changed.status, 0) << changed.err;
  EXPECT_EQ(changed.json()["files"], nlohmann::json::array({{{"file", file.string()}, {"was_sealed", true}}}));
  EXPECT_EQ(changed.json()["sealed"], true);
  EXPECT_EQ(encrypt({"--passphrase-file", word()}).status, 1);
  EXPECT_EQ(encrypt({"--passphrase-file", other()}).status, 0);
  const Result unsealed = passphrase({"--passphrase-file", other(), "--unseal"});
  ASSERT_EQ(unsealed.status, 0) << unsealed.err;
  EXPECT_EQ(encrypt({}).status, 0);
  // And back, by the name of the file.
  const Result sealed = obscura({"keygen", "passphrase", file.string(), "--new-passphrase-file", word()});
  EXPECT_EQ(sealed.status, 0) << sealed.err;
  EXPECT_THAT(sealed.err, HasSubstr("may still be found"));
  EXPECT_EQ(encrypt({"--passphrase-file", word()}).status, 0);
}

TEST_F(Secrets, InspectNeedsNoPassphrase) {
  const auto sealed = obscura({"inspect", keys() + "/secret.key", "--json"}).json();
  EXPECT_EQ(sealed["kind"], "a secret key sealed with a passphrase");
  EXPECT_EQ(sealed["seal"], nlohmann::json({{"passes", 3}, {"memory_kib", 262144}}));
  EXPECT_EQ(sealed["key"], obscura({"inspect", keys() + "/client.spec", "--json"}).json()["key"]);
}

std::string in_hex(const std::string& bytes) {
  std::string text(2 * bytes.size() + 1, 0);
  sodium_bin2hex(text.data(), text.size(), reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  text.pop_back();
  return text;
}

std::string in_base64(const std::string& bytes) {
  constexpr int kPlain = sodium_base64_VARIANT_ORIGINAL_NO_PADDING;
  std::string text(sodium_base64_encoded_len(bytes.size(), kPlain), 0);
  sodium_bin2base64(text.data(), text.size(), reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
                    kPlain);
  text.pop_back();
  return text;
}

TEST_F(Secrets, NothingOfThemIsPrintedOrWritten) {
  ASSERT_EQ(passphrase({"--passphrase-file", word(), "--unseal"}).status, 0);
  const std::string key = text_of(fs::path(keys()) / "secret.key");
  // From the middle of its coefficients, a multiple of three for base64.
  const std::string piece = key.substr(key.size() - 32 - 960, 24);
  std::string said;
  const auto run = [&](const std::vector<std::string>& words) {
    const Result result = obscura(words);
    said += result.out + result.err;
    return result.status;
  };
  const std::string answer = (work_ / "answer.ct").string();
  for (const char* json : {"--threads=1", "--json"}) {
    ASSERT_EQ(run({"encrypt", "--keys", keys(), sample("7-0"), "--out", query(), json}), 0) << said;
    ASSERT_EQ(run({"classify", "--network", kModel, "--eval-keys", keys() + "/evaluation.key", query(), "--out", answer,
                   json}),
              0)
        << said;
    ASSERT_EQ(run({"decrypt", "--keys", keys(), answer, json}), 0) << said;
  }
  run({"inspect", keys() + "/secret.key", "--json"});
  run({"decrypt", "--keys", keys(), query()});
  run({"classify", "--network", kModel, "--eval-keys", keys() + "/secret.key", query(), "--out", answer});
  run({"keygen", "passphrase", keys(), "--new-passphrase-file", word(), "--json"});
  run({"encrypt", "--keys", keys(), sample("7-0"), "--out", query(), "--passphrase-file", other()});
  put_private(fs::path(keys()) / "secret.key", key.substr(0, key.size() - 1) + "x");
  run({"decrypt", "--keys", keys(), answer});
  EXPECT_THAT(said, HasSubstr("checksum"));
  put_private(fs::path(keys()) / "secret.key", key);
  for (const std::string& secret : {piece, in_hex(piece), in_base64(piece), kWord, in_hex(kWord), kOther}) {
    EXPECT_EQ(said.find(secret), std::string::npos);
    for (const auto& entry : fs::recursive_directory_iterator(work_.path())) {
      if (!entry.is_regular_file() || entry.path().filename() == "secret.key") continue;
      EXPECT_EQ(text_of(entry.path()).find(secret), std::string::npos) << entry.path();
    }
  }
}

}  // namespace
}  // namespace obscura::cli
