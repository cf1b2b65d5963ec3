// What is asked of galleries, and hints that are fetched in parts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "remote/support.h"
#include "support/temporary.h"

namespace obscura::remote {
namespace {

using testing::HasSubstr;

const std::string kId(32, 'a');

GalleryFacts gallery() {
  GalleryFacts facts;
  facts.name = "g", facts.id = kId, facts.version = 3;
  return facts;
}

std::string tag(const std::string& file) {
  return "ETag: \"" + hash_text(file) + "\"\r\n";
}

/// A static file with ranges.
Said file_of(const Heard& heard, const std::string& file) {
  const auto range = heard.headers.find("range");
  if (range == heard.headers.end() || heard.headers.at("if-range") != "\"" + hash_text(file) + "\"") {
    return whole(200, file, tag(file));
  }
  const std::size_t from = std::stoul(range->second.substr(6));
  if (from >= file.size()) return whole(416, "");
  Said said = whole(206, file.substr(from),
                    tag(file) + "Content-Range: bytes " + std::to_string(from) + "-" + std::to_string(file.size() - 1) +
                        "/" + std::to_string(file.size()) + "\r\n");
  return said;
}

class HintTest : public ::testing::Test {
 protected:
  HintTest() {
    for (int i = 0; i < 300'000; ++i) file_ += static_cast<char>(i * 31 >> 3);
  }
  std::string held(const std::filesystem::path& path) const {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  static constexpr std::uint64_t kMost = 1 << 20;
  TemporaryFolder folder_;
  std::string file_;
};

TEST(Galleries, AreListed) {
  const std::string one = R"({"name":"g","id":")" + kId +
                          R"(","version":3,"images":10,"modes":["blind-features","blind"],"blind_model":"g-blind"})";
  ScriptedServer server([&](const Heard& heard) {
    return heard.path == "/v2/obscura/galleries" ? whole(200, R"({"galleries":[)" + one + "]}") : whole(200, one);
  });
  Remote remote(server.url(), "", quick());
  ASSERT_EQ(remote.galleries().size(), 1U);
  const auto facts = remote.gallery("g");
  EXPECT_EQ(facts.version, 3U);
  EXPECT_TRUE(facts.has_mode("blind"));
  EXPECT_FALSE(facts.has_mode("trusted"));
  EXPECT_EQ(facts.blind_model, "g-blind");
}

TEST(Galleries, WithAnIdThatIsAPathAreRefused) {
  ScriptedServer server(one_by_one({whole(200, R"({"name":"g","id":"../../etc/passwd","version":3,"images":10})")}));
  Remote remote(server.url(), "", quick());
  EXPECT_EQ(error_of_call([&] { remote.gallery("g"); }).code(), "unexpected");
}

TEST(Galleries, TakeQuestionsAsTheyAre) {
  ScriptedServer server([](const Heard& heard) { return whole(200, heard.path + " " + heard.body); });
  Remote remote(server.url(), "", quick());
  EXPECT_EQ(text_of(remote.scores("g", bytes_of("question"))), "/v2/obscura/galleries/g/scores question");
  EXPECT_EQ(text_of(remote.fetch("g", bytes_of("request"))), "/v2/obscura/galleries/g/fetch request");
  EXPECT_EQ(text_of(remote.card("g")), "/v2/obscura/galleries/g/card ");
  EXPECT_EQ(text_of(remote.trusted("g", bytes_of("picture"))), "/v2/obscura/galleries/g/trusted picture");
  EXPECT_EQ(text_of(remote.trusted_card("g")), "/v2/obscura/galleries/g/trusted ");
}

TEST_F(HintTest, IsFetchedOnce) {
  ScriptedServer server([&](const Heard& heard) { return file_of(heard, file_); });
  Remote remote(server.url(), "", quick());
  const auto path = remote.hint(gallery(), folder_ / "cache", kMost);
  EXPECT_EQ(held(path), file_);
  EXPECT_EQ(server.heard()[0].path, "/v2/obscura/galleries/g/versions/3/hint");
  EXPECT_EQ(remote.hint(gallery(), folder_ / "cache", kMost), path);
  EXPECT_EQ(server.heard().size(), 1U);
  EXPECT_EQ(folder_.files().size(), 2U);  // the folder and the file
}

TEST_F(HintTest, GoesOnWhereItWasCut) {
  int asked = 0;
  ScriptedServer server([&](const Heard& heard) {
    Said said = file_of(heard, file_);
    if (++asked <= 3) said.bytes.resize(said.bytes.size() - 60'000 * (4 - asked)), said.close = true;
    return said;
  });
  Options options = quick();
  options.retries = 1;  // progress renews it
  Remote remote(server.url(), "", options);
  EXPECT_EQ(held(remote.hint(gallery(), folder_.path(), kMost)), file_);
  EXPECT_EQ(server.heard().size(), 4U);
  EXPECT_EQ(server.heard()[1].headers.at("range"), "bytes=120000-");
}

TEST_F(HintTest, GoesOnInALaterCall) {
  Said cut = whole(200, file_, tag(file_));
  cut.bytes.resize(cut.bytes.size() - 100'000), cut.close = true;
  std::atomic<bool> whole_now = false;
  ScriptedServer server([&](const Heard& heard) {
    if (heard.headers.count("range") == 0 && !whole_now) return cut;
    return whole_now ? file_of(heard, file_) : Said{"", true};
  });
  Options options = quick();
  options.retries = 2;
  Remote remote(server.url(), "", options);
  EXPECT_EQ(error_of_call([&] { remote.hint(gallery(), folder_.path(), kMost); }).code(), "unreachable");
  whole_now = true;
  EXPECT_EQ(held(remote.hint(gallery(), folder_.path(), kMost)), file_);
  EXPECT_EQ(server.heard().back().headers.at("range"), "bytes=200000-");
}

TEST_F(HintTest, ThatHasChangedMeanwhileIsFetchedAnew) {
  const std::string old(file_.size(), 'o');
  std::ofstream(folder_ / (kId + "-3.hint." + hash_text(old) + ".part"), std::ios::binary) << old.substr(0, 1000);
  ScriptedServer server([&](const Heard& heard) { return file_of(heard, file_); });
  Remote remote(server.url(), "", quick());
  EXPECT_EQ(held(remote.hint(gallery(), folder_.path(), kMost)), file_);
  EXPECT_EQ(folder_.files().size(), 1U);
}

TEST_F(HintTest, WhoseBeginningWasDamagedIsFetchedAnew) {
  std::ofstream(folder_ / (kId + "-3.hint." + hash_text(file_) + ".part"), std::ios::binary) << std::string(1000, 'x');
  ScriptedServer server([&](const Heard& heard) { return file_of(heard, file_); });
  Remote remote(server.url(), "", quick());
  EXPECT_EQ(held(remote.hint(gallery(), folder_.path(), kMost)), file_);
}

TEST_F(HintTest, ThatIsNotOfItsHashLeavesNothing) {
  ScriptedServer server(one_by_one({whole(200, file_, tag("another"))}));
  Remote remote(server.url(), "", quick());
  EXPECT_EQ(error_of_call([&] { remote.hint(gallery(), folder_.path(), kMost); }).code(), "unexpected");
  EXPECT_TRUE(folder_.files().empty());
}

TEST_F(HintTest, WithoutAHashOrTooLargeIsRefused) {
  for (const std::string& headers :
       {std::string(), std::string("ETag: \"x\"\r\n"), "ETag: W/\"" + hash_text(file_) + "\"\r\n"}) {
    ScriptedServer server(one_by_one({whole(200, file_, headers)}));
    Remote remote(server.url(), "", quick());
    EXPECT_EQ(error_of_call([&] { remote.hint(gallery(), folder_.path(), kMost); }).code(), "unexpected");
  }
  ScriptedServer server(one_by_one({whole(200, file_, tag(file_))}));
  Remote remote(server.url(), "", quick());
  const auto error = error_of_call([&] { remote.hint(gallery(), folder_.path(), 1000); });
  EXPECT_EQ(error.code(), "unexpected");
  EXPECT_THAT(error.what(), HasSubstr("1000 bytes"));
}

TEST_F(HintTest, AnotherPartThanAskedForIsRefused) {
  const std::string begun = folder_ / (kId + "-3.hint." + hash_text(file_) + ".part");
  std::ofstream(begun, std::ios::binary) << file_.substr(0, 1000);
  ScriptedServer server(
      one_by_one({whole(206, file_.substr(2000), tag(file_) + "Content-Range: bytes 2000-299999/300000\r\n")}));
  Remote remote(server.url(), "", quick());
  EXPECT_EQ(error_of_call([&] { remote.hint(gallery(), folder_.path(), kMost); }).code(), "unexpected");
}

}  // namespace
}  // namespace obscura::remote
