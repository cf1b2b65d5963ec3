// Keys of shields and records of searches under a passphrase, from making to reading.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/support.h"
#include "image/image.h"

namespace obscura::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

using Words = std::vector<std::string>;

const std::string kFirstWord = "tiger-violin-97-quartz", kSecondWord = "another one, of spaces";
const std::string kSealedMagic = "OBSEALED";

void put_own(const fs::path& file, const std::string& text) {
  put_text(file, text);
  fs::permissions(file, fs::perms(0600));
}

Words joined(Words words, const Words& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

/// Two passphrases in files, and a picture.
class SealedFilesCli : public testing::Test {
 protected:
  SealedFilesCli() {
    put_own(at("word"), kFirstWord + "\n");
    put_own(at("other"), kSecondWord);
    put_own(at("short"), "1234567");
    fs::create_directory(at("in"));
    image::Image picture(3, 16, 16);
    for (std::size_t i = 0; i < picture.pixels.size(); ++i) picture.pixels[i] = static_cast<std::uint8_t>(i * 37);
    image::write_png(at("in/a.png"), picture);
  }

  std::string at(const std::string& name) const { return (folder_ / name).string(); }
  Words word() const { return {"--passphrase-file", at("word")}; }
  Words other() const { return {"--passphrase-file", at("other")}; }

  Result protect(const Words& more, const std::string& out, const std::string& before = kNobody) const {
    return obscura(joined({"protect", "--key", at("key.json"), at("in"), at(out)}, more), before);
  }
  Result reveal(const Words& more, const std::string& out, const std::string& before = kNobody) const {
    return obscura(joined({"reveal", "--key", at("key.json"), at("hidden"), at(out)}, more), before);
  }
  Result change(const std::string& file, const Words& more, const std::string& before = kNobody) const {
    return obscura(joined({"keygen", "passphrase", at(file)}, more), before);
  }
  /// One line, no result, and nothing that was being written.
  void expect_refusal(const Result& result, int status, const std::string& says) const {
    EXPECT_EQ(result.status, status) << result.err;
    EXPECT_EQ(result.errors(), 1U) << result.err;
    EXPECT_EQ(result.out, "");
    EXPECT_THAT(result.err, AllOf(HasSubstr(says), Not(HasSubstr(kFirstWord)), Not(HasSubstr(kSecondWord))));
    for (const auto& name : folder_.files()) EXPECT_THAT(name, Not(HasSubstr(".partial")));
  }

  /// Nobody is at a terminal.
  static inline const std::string kNobody = "export LC_ALL=C; exec </dev/null;";
  TemporaryFolder folder_;
};

TEST_F(SealedFilesCli, AShieldKeyFromMakingToRevealing) {
  ASSERT_EQ(protect(joined(word(), {"--make-key", "--shield", "hill"}), "hidden").status, 0);
  EXPECT_THAT(text_of(at("key.json")), AllOf(StartsWith(kSealedMagic), Not(HasSubstr("seed"))));
  EXPECT_EQ(fs::status(at("key.json")).permissions(), fs::perms(0600));
  // It protects more, and says so of itself, and reveals.
  const Result more = protect({"--passphrase-env", "WORD"}, "hidden2", "export WORD='" + kFirstWord + "';");
  ASSERT_EQ(more.status, 0) << more.err;
  EXPECT_EQ(text_of(at("hidden/a.shield")), text_of(at("hidden2/a.shield")));
  const Result back = reveal(word(), "back");
  ASSERT_EQ(back.status, 0) << back.err;
  EXPECT_EQ(image::read_image(at("back/a.png")), image::read_image(at("in/a.png")));
  const auto inspected = obscura({"inspect", at("key.json"), "--json"}, kNobody).json();
  EXPECT_EQ(inspected["kind"], "the key of a shield sealed with a passphrase");
  EXPECT_EQ(inspected["seal"], nlohmann::json({{"passes", 3}, {"memory_kib", 262144}}));
}

TEST_F(SealedFilesCli, AShieldKeyIsRefusedInOneLine) {
  expect_refusal(protect({"--make-key", "--shield", "le", "--passphrase-file", at("short")}, "hidden"), 2,
                 "7 bytes, expected at least 8");
  EXPECT_FALSE(fs::exists(at("key.json")));
  ASSERT_EQ(protect(joined(word(), {"--make-key", "--shield", "le"}), "hidden").status, 0);
  const std::string key = at("key.json"), before = text_of(key);
  const std::string by_option = key + " is sealed with a passphrase: give it by --passphrase-file or --passphrase-env";
  expect_refusal(reveal({}, "back"), 2, by_option);
  expect_refusal(protect({}, "more"), 2, by_option);
  expect_refusal(obscura({"audit", "randomness", "--key", key, "--dataset", "samples"}, kNobody), 2, by_option);
  expect_refusal(reveal(other(), "back"), 1, key + " does not open with this passphrase");
  expect_refusal(protect(joined(word(), {"--make-key", "--shield", "le"}), "more"), 1, "there is a key");
  EXPECT_EQ(text_of(key), before);
  // Any byte altered: its head, its salt, its box, its tag.
  for (const std::size_t byte : {std::size_t{25}, std::size_t{45}, std::size_t{70}, before.size() - 1}) {
    std::string altered = before;
    altered[byte] = static_cast<char>(altered[byte] ^ 1);
    put_own(key, altered);
    expect_refusal(reveal(word(), "back"), 1, "does not open with this passphrase (or somebody altered it)");
  }
  put_own(key, before.substr(0, 60));
  expect_refusal(reveal(word(), "back"), 1, "is truncated");
  EXPECT_FALSE(fs::exists(at("back")));
}

/// Whoever names a passphrase thinks that there is a seal.
TEST_F(SealedFilesCli, APassphraseForWhatIsNotSealedIsNoSilence) {
  ASSERT_EQ(protect({"--make-key", "--shield", "le"}, "hidden").status, 0);
  expect_refusal(reveal(word(), "back"), 1, "key.json is not sealed: leave the passphrase out, or seal it");
  expect_refusal(protect(word(), "more"), 1, "key.json is not sealed");
  expect_refusal(obscura(joined({"reveal", "--learned", at("net"), at("hidden"), at("back")}, word()), kNobody), 2,
                 "leave out --key and its passphrase");
  expect_refusal(obscura(joined({"audit", "randomness", at("word")}, word()), kNobody), 2, "is for the owner's --key");
}

TEST_F(SealedFilesCli, AnotherPassphraseForAShieldKey) {
  ASSERT_EQ(protect({"--make-key", "--shield", "le"}, "hidden").status, 0);
  const std::string key = at("key.json"), plain = text_of(key);
  const Words next = {"--new-passphrase-file", at("other")};
  const Result sealed = change("key.json", {"--new-passphrase-file", at("word"), "--json"});
  ASSERT_EQ(sealed.status, 0) << sealed.err;
  EXPECT_EQ(sealed.json()["files"], nlohmann::json::parse("[{\"file\": \"" + key + "\", \"was_sealed\": false}]"));
  EXPECT_THAT(sealed.err, HasSubstr("may still be found"));
  EXPECT_THAT(text_of(key), StartsWith(kSealedMagic));
  // What goes wrong leaves the file that there was.
  const std::string before = text_of(key);
  expect_refusal(change("key.json", joined(other(), next)), 1, "does not open");
  expect_refusal(change("key.json", next), 2, "give it by --passphrase-file");
  expect_refusal(change("key.json", joined(word(), {"--new-passphrase-file", at("short")})), 2, "expected at least 8");
  EXPECT_NE(change("key.json", joined(word(), next), kNobody + "ulimit -f 0;").status, 0);  // a disk that is full
  EXPECT_EQ(text_of(key), before);
  ASSERT_EQ(change("key.json", joined(word(), next)).status, 0);
  EXPECT_EQ(reveal(word(), "back").status, 1);
  EXPECT_EQ(reveal(other(), "back").status, 0);
  const Result open = change("key.json", joined(other(), {"--unseal"}));
  ASSERT_EQ(open.status, 0) << open.err;
  EXPECT_EQ(text_of(key), plain);
}

TEST_F(SealedFilesCli, OnlySecretsAreSealed) {
  const Words next = {"--new-passphrase-file", at("word")};
  expect_refusal(change("in/a.png", next), 1, "is nothing that a passphrase seals");
  expect_refusal(change("in", next), 1, "holds no secret.key, search.key, gallery.key or search.record");
  put_own(at("half.json"), "{\"format\": \"obscura shield key\", \"version\": 1");
  expect_refusal(change("half.json", next), 1, "no key of a shield, or only a part of one");
  EXPECT_THAT(text_of(at("half.json")), StartsWith("{"));
}

/// A gallery, what its server publishes, and an owner's folder.
class SealedRecords : public SealedFilesCli {
 protected:
  static constexpr const char* kNetwork = OBSCURA_SOURCE_DIR "/models/tenseal-mnist.onnx";

  void SetUp() override {
    done({"index", "--dataset", "samples", "--network", kNetwork, "--out", at("gallery"), "--vectors", "output",
          "--limit", "40"});
    done({"search", "publish", "--gallery", at("gallery"), "--out", at("info")});
  }
  static Result done(const Words& words, const std::string& before = "exec </dev/null;") {
    Result result = obscura(words, before);
    EXPECT_EQ(result.status, 0) << result.err;
    return result;
  }
  Words ask(const std::string& to) const {
    return {"search", "owner-request", sample("2-0"), "--info", at("info"), "--network",
            kNetwork, "--secret",      at("secret"),  "--out",  at(to)};
  }
  Words answer(const std::string& request, const std::string& to) const {
    return {"search",    "server-answer", "--gallery", at("gallery"),
            "--request", at(request),     "--keys",    at("request/evaluation.keys"),
            "--out",     at(to)};
  }
  Words read(const std::string& from, const std::string& to) const {
    return {"search",     "owner-read", "--info", at("info"), "--secret",
            at("secret"), "--answer",   at(from), "--out",    at(to)};
  }
  std::string record() const { return text_of(at("secret/search.record")); }
};

TEST_F(SealedRecords, FromTheQuestionToThePictures) {
  done(joined(ask("request"), word()));
  EXPECT_THAT(record(), StartsWith(kSealedMagic));
  EXPECT_EQ(fs::status(at("secret/search.record")).permissions(), fs::perms(0600));
  done(answer("request", "scores"));
  const std::string before = record();
  expect_refusal(obscura(read("scores", "next"), kNobody), 2,
                 "search.record is sealed with a passphrase: give it by --passphrase-file or --passphrase-env");
  expect_refusal(obscura(joined(read("scores", "next"), other()), kNobody), 1, "search.record does not open");
  std::string altered = before;
  altered[80] = static_cast<char>(altered[80] ^ 1);
  put_own(at("secret/search.record"), altered);
  expect_refusal(obscura(joined(read("scores", "next"), word()), kNobody), 1, "search.record does not open");
  put_own(at("secret/search.record"), before);
  // The record of the fetch takes its place, sealed as well, and is sealed anew with the key, as a folder.
  done(joined(read("scores", "next"), word()));
  EXPECT_THAT(record(), AllOf(StartsWith(kSealedMagic), Not(before)));
  EXPECT_GT(record().size(), before.size());
  const Result changed = change("secret", joined(word(), {"--new-passphrase-file", at("other"), "--json"}));
  ASSERT_EQ(changed.status, 0) << changed.err;
  EXPECT_EQ(changed.json()["files"].size(), 2U);
  done(answer("next", "fetched"));
  const std::string sealed = record();
  EXPECT_EQ(obscura(joined(read("fetched", "pictures"), word()), kNobody).status, 1);
  EXPECT_THAT(done(joined(read("fetched", "pictures"), other())).out, HasSubstr("5.png"));
  EXPECT_EQ(record(), sealed);
}

/// A folder from before there were sealed records: its key decides.
TEST_F(SealedRecords, AreSealedAsTheKeyBesideThemIs) {
  done(ask("request"));
  EXPECT_THAT(record(), StartsWith("OBSCURA"));
  const Result beside = done(joined(ask("request2"), word()));
  EXPECT_THAT(beside.err, HasSubstr("search.key is not sealed, only search.record beside it"));
  EXPECT_THAT(record(), StartsWith(kSealedMagic));
  ASSERT_EQ(change("secret/search.record", joined(word(), {"--unseal"})).status, 0);
  EXPECT_THAT(record(), StartsWith("OBSCURA"));
  ASSERT_EQ(change("secret/search.key", {"--new-passphrase-file", at("word")}).status, 0);
  done(joined(ask("request3"), word()));
  EXPECT_THAT(record(), StartsWith(kSealedMagic));
  EXPECT_FALSE(fs::exists(at("request3/evaluation.keys")));  // the key stayed what it was
}

}  // namespace
}  // namespace obscura::cli
