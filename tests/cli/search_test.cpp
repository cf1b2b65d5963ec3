// index and search by the command line, on digits drawn by the program.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/support.h"
#include "image/image.h"

namespace obscura::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

const std::string kNetwork = std::string(OBSCURA_SOURCE_DIR) + "/models/tenseal-mnist.onnx";
const std::string kOther = std::string(OBSCURA_SOURCE_DIR) + "/models/obscura-s-mnist.onnx";

class SearchTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = std::make_unique<TemporaryFolder>();
    const Result made = index({"--vectors", "output", "--limit", "300", "--json"});
    ASSERT_EQ(made.status, 0) << made.err;
    made_ = made.json();
    ASSERT_EQ(obscura({"data", "draw-digits", "--out", at("digits"), "--count", "10", "--seed", "77"}).status, 0);
  }
  static void TearDownTestSuite() { folder_.reset(); }

  static Result index(std::vector<std::string> more) {
    std::vector<std::string> words = {"index", "--dataset", "samples", "--network", kNetwork, "--out", at("gallery")};
    words.insert(words.end(), more.begin(), more.end());
    return obscura(words);
  }
  static Result search(const std::string& digit, std::vector<std::string> more) {
    std::vector<std::string> words = {
        "search", at("digits/" + digit + "-0.png"), "--gallery", at("gallery"), "--network", kNetwork, "--threads",
        "2"};
    words.insert(words.end(), more.begin(), more.end());
    return obscura(words);
  }
  static std::string at(const std::string& name) { return (*folder_ / name).string(); }

  static inline std::unique_ptr<TemporaryFolder> folder_;
  static inline nlohmann::ordered_json made_;
};

TEST_F(SearchTest, BlindFindsWhatPlainFinds) {
  EXPECT_EQ(made_["images"], 300);
  EXPECT_EQ(made_["dimension"], 10);
  EXPECT_EQ(made_["vectors"], "output");
  for (const char* digit : {"0", "3", "8"}) {
    const auto plain = search(digit, {"--mode", "plain", "--fetch", "plain", "--json"}).json();
    const Result result = search(digit, {"--json"});
    ASSERT_EQ(result.status, 0) << result.err;
    const auto blind = result.json();
    ASSERT_EQ(blind["results"].size(), 5U);
    for (std::size_t i = 0; i < 5; ++i) {
      const auto& one = blind["results"][i];
      EXPECT_EQ(one["label"], digit);
      EXPECT_EQ(one["name"], "samples train " + std::to_string(one["index"].get<int>()));
      EXPECT_NEAR(one["distance"], plain["results"][i]["distance"], 0.004);
    }
    EXPECT_EQ(blind["gallery"], made_["gallery"]);
    EXPECT_GT(blind["bytes"]["keys"], 10000);
    EXPECT_LT(blind["bytes"]["query"], 25000);
    EXPECT_GT(blind["bytes"]["hint"], 100000);
    EXPECT_EQ(plain["bytes"]["hint"], 0);
    EXPECT_THAT(blind["server_saw"].dump(), Not(HasSubstr("in the clear")));
    EXPECT_THAT(plain["server_saw"].dump(), HasSubstr("in the clear"));
  }
}

// The same five, whoever sees what.
TEST_F(SearchTest, TrustedAndBlindFindWhatPlainFinds) {
  const auto plain = search("6", {"--mode", "plain", "--json"}).json();
  const Result trusted = search("6", {"--mode", "trusted", "--json"}),
               blind = search("6", {"--mode", "blind", "--json"});
  ASSERT_EQ(trusted.status, 0) << trusted.err;
  ASSERT_EQ(blind.status, 0) << blind.err;
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(trusted.json()["results"][i]["index"], plain["results"][i]["index"]) << i;
    EXPECT_EQ(blind.json()["results"][i]["index"], plain["results"][i]["index"]) << i;
  }
  EXPECT_EQ(trusted.json()["steps"].size(), 12U);
  EXPECT_THAT(trusted.json()["server_saw"].dump(), HasSubstr("THE PICTURE"));
  EXPECT_THAT(blind.json()["server_saw"].dump(), Not(HasSubstr("THE PICTURE")));
  EXPECT_EQ(blind.json()["steps"].size(), 0U);
}

// Owner and server in processes of their own, with nothing between them but files.
TEST_F(SearchTest, FilesBetweenTwoProcesses) {
  const auto done = [](const std::vector<std::string>& words) {
    const Result result = obscura(words);
    EXPECT_EQ(result.status, 0) << result.err;
    return result.out;
  };
  const auto ask = [&](const std::string& digit, const std::string& to) {
    done({"search", "owner-request", at("digits/" + digit + "-0.png"), "--info", at("info"), "--network", kNetwork,
          "--secret", at("secret"), "--out", at(to)});
  };
  const auto answer = [&](const std::string& request, const std::string& to) {
    return std::vector<std::string>{"search",    "server-answer", "--gallery", at("own"),
                                    "--request", at(request),     "--keys",    at("request/evaluation.keys"),
                                    "--out",     at(to)};
  };
  const auto read = [&](const std::string& from, const std::string& to) {
    return std::vector<std::string>{"search",     "owner-read", "--info", at("info"), "--secret",
                                    at("secret"), "--answer",   at(from), "--out",    at(to)};
  };
  const auto index_own = [&](const std::string& limit) {
    done({"index", "--dataset", "samples", "--network", kNetwork, "--out", at("own"), "--vectors", "output", "--limit",
          limit});
  };
  index_own("80");
  done({"search", "publish", "--gallery", at("own"), "--out", at("info")});
  ask("2", "request");
  done(answer("request", "scores"));
  EXPECT_THAT(done(read("scores", "next")), HasSubstr("without learning which"));
  done(answer("next", "fetched"));
  const std::string found = done(read("fetched", "pictures"));
  const auto plain = obscura({"search", at("digits/2-0.png"), "--gallery", at("own"), "--network", kNetwork, "--mode",
                              "plain", "--json"})
                         .json();
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_THAT(found, HasSubstr(plain["results"][i]["name"].get<std::string>()));
    EXPECT_EQ(image::read_image(at("pictures/" + std::to_string(i + 1) + ".png")).width, 28U);
  }
  // The answer to an earlier question is no answer to this one; and what is no request is said to be none.
  ask("3", "request2");
  const Result old = obscura(read("scores", "next")), none = obscura(answer("pictures", "nothing"));
  EXPECT_EQ(old.status, 1);
  EXPECT_THAT(old.err, HasSubstr("answers another question"));
  EXPECT_EQ(none.status, 2);
  EXPECT_THAT(none.err, HasSubstr("it is no request"));
  // A question to a gallery that has changed since.
  index_own("81");
  const Result late = obscura(answer("request2", "late"));
  EXPECT_EQ(late.status, 1);
  EXPECT_THAT(late.err, HasSubstr("ask again with the newer card"));
  EXPECT_FALSE(fs::exists(at("late/scores.bin")));
}

// A gallery that the server does not see, either; it grows, and only what has changed is encrypted again.
TEST_F(SearchTest, EncryptedGalleries) {
  const auto index_own = [&](const std::string& limit) {
    return obscura({"index", "--dataset", "samples", "--network", kNetwork, "--out", at("clinic"), "--vectors",
                    "output", "--limit", limit});
  };
  const auto encrypt = [&](const std::string& secret) {
    return obscura({"index", "--out", at("clinic"), "--encrypt", at("server"), "--secret", at(secret), "--json"});
  };
  const auto find = [&](const std::vector<std::string>& more) {
    std::vector<std::string> words = {"search", at("digits/5-0.png"), "--gallery", at("clinic"), "--network", kNetwork,
                                      "--json"};
    words.insert(words.end(), more.begin(), more.end());
    return obscura(words);
  };
  const std::vector<std::string> encrypted = {"--encrypted", at("server"), "--secret", at("mine")};
  ASSERT_EQ(index_own("120").status, 0);
  const Result made = encrypt("mine");
  ASSERT_EQ(made.status, 0) << made.err;
  EXPECT_EQ(made.json()["encrypted"], 1);
  EXPECT_EQ(encrypt("mine").json()["encrypted"], 0);
  const auto plain = find({"--mode", "plain"}).json();
  const Result found = find(encrypted);
  ASSERT_EQ(found.status, 0) << found.err;
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_NEAR(found.json()["results"][i]["distance"], plain["results"][i]["distance"], 0.004) << i;
  }
  EXPECT_TRUE(found.json()["encrypted_gallery"]);
  EXPECT_THAT(found.json()["server_saw"].dump(), Not(HasSubstr("in the clear")));
  ASSERT_EQ(index_own("121").status, 0);
  const Result stale = find(encrypted), other = encrypt("another");
  EXPECT_EQ(stale.status, 1);
  EXPECT_THAT(stale.err, HasSubstr("encrypt it again"));
  EXPECT_EQ(other.status, 2);
  EXPECT_THAT(other.err, HasSubstr("the key that the gallery was encrypted under"));
  EXPECT_FALSE(fs::exists(at("another")));
  EXPECT_EQ(encrypt("mine").json()["encrypted"], 1);
  EXPECT_EQ(find(encrypted).status, 0);
  EXPECT_EQ(find({"--encrypted", at("server")}).status, 2);
}

TEST_F(SearchTest, MoreThanFiveAreFetchedByFives) {
  const Result result = search("4", {"--top", "7", "--out", at("found")});
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("10 private fetches, of 10 images or fewer"));
  EXPECT_THAT(result.out, HasSubstr("the server saw"));
  for (int i = 1; i <= 7; ++i) EXPECT_EQ(image::read_image(at("found/" + std::to_string(i) + ".png")).width, 28U);
  EXPECT_GT(image::read_image(at("found/sheet.png")).width, 8 * 128U);
}

TEST_F(SearchTest, IndexingIsGoneOnWithAndOtherGalleriesAreLeftAlone) {
  const Result more = index({"--vectors", "output", "--limit", "310", "--json"});
  ASSERT_EQ(more.status, 0) << more.err;
  EXPECT_EQ(more.json()["resumed"], 300);
  EXPECT_EQ(more.json()["added"], 10);
  EXPECT_EQ(index({"--vectors", "output", "--limit", "310", "--json"}).json()["added"], 0);
  const Result fewer = index({"--vectors", "output", "--limit", "50"});
  EXPECT_EQ(fewer.status, 1);
  EXPECT_THAT(fewer.err, HasSubstr("has 310 images already, more than the 50"));
  const Result other = index({"--vectors", "classes", "--limit", "310"});
  EXPECT_EQ(other.status, 1);
  EXPECT_THAT(other.err, HasSubstr("has a gallery of other pictures, or by another network"));
}

TEST_F(SearchTest, IndexingDoesNotGoOnWithOtherPictures) {
  const auto put = [](const std::string& name, std::uint8_t level) {
    for (const char* place : {"train/a", "train/b", "test/a", "test/b"}) {
      const fs::path folder = fs::path(at("set")) / place;
      fs::create_directories(folder);
      image::write_png(folder / name, image::Image(1, 28, 28, level));
    }
  };
  const auto index_set = [] {
    return obscura(
        {"index", "--dataset", at("set"), "--network", kNetwork, "--vectors", "output", "--out", at("of-set")});
  };
  put("2.png", 100), put("4.png", 200);
  ASSERT_EQ(index_set().status, 0);
  put("6.png", 50);
  EXPECT_EQ(index_set().status, 0) << "behind the last";
  put("1.png", 250);
  const Result between = index_set();
  EXPECT_EQ(between.status, 1);
  EXPECT_THAT(between.err, HasSubstr("has other images than the first"));
}

TEST_F(SearchTest, BadInputIsOneLine) {
  const auto refused = [](const Result& result, int status, const std::string& problem) {
    EXPECT_EQ(result.status, status) << problem;
    EXPECT_EQ(result.errors(), 1U) << result.err;
    EXPECT_THAT(result.err, HasSubstr(problem));
  };
  refused(search("1", {"--top", "1000"}), 2, "--top is 1000, but the gallery has");
  refused(search("1", {"--top", "0"}), 2, "--top is 0");
  refused(search("1", {"--top", "99999999999", "--out", at("many")}), 2, "expected 1 to 1000");
  EXPECT_FALSE(fs::exists(at("many")));
  refused(search("1", {"--mode", "honest"}), 2, "expected plain, trusted, blind or blind-features");
  refused(search("1", {"--mode", "trusted", "--fetch", "plain"}), 2, "--fetch is not for mode trusted");
  refused(obscura({"search", "--gallery", at("gallery"), "--network", kNetwork}), 2, "a picture is required");
  refused(search("1", {"--fetch", "pir"}), 2, "expected plain or private");
  refused(obscura({"search", at("digits/1-0.png"), "--gallery", at("gallery"), "--network", kOther}), 1,
          "is not the network that");
  refused(obscura({"search", at("digits/1-0.png"), "--gallery", at("digits"), "--network", kNetwork}), 1,
          "is no gallery: it has no gallery.db");
  refused(obscura({"index", "--dataset", "samples", "--network", kNetwork, "--out", at("other"), "--vectors", "some"}),
          2, "expected classes, output or features");
  EXPECT_FALSE(fs::exists(at("other")));
}

}  // namespace
}  // namespace obscura::cli
