// Evaluation keys on their way: in pieces, resumed, and sent by themselves where a query needs them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <fstream>

#include "remote/support.h"
#include "support/temporary.h"

namespace obscura::remote {
namespace {

using testing::HasSubstr;

/// A server's keys of one file.
struct Store {
  std::string hash, held;
  std::uint64_t total = 0;
  bool ready() const { return total > 0 && held.size() == total; }

  std::string status() const {
    return R"({"hash":")" + hash + R"(","state":")" +
           (ready()        ? "ready"
            : held.empty() ? "absent"
                           : "partial") +
           R"(","bytes":)" + std::to_string(held.size()) + R"(,"total":)" + std::to_string(total) +
           R"(,"key_id":"k","models":["m"]})";
  }

  /// As the protocol says: pieces in order; one that is here already is taken again.
  Said put(const Heard& heard) {
    unsigned long long from = 0, to = 0, all = 0;
    if (std::sscanf(heard.headers.at("content-range").c_str(), "bytes %llu-%llu/%llu", &from, &to, &all) != 3 ||
        to - from + 1 != heard.body.size()) {
      return failure(400, "bad_request");
    }
    if (from > held.size()) return failure(409, "conflict", R"(,"bytes":")" + std::to_string(held.size()) + "\"");
    total = all;
    held = held.substr(0, from) + heard.body;
    return whole(ready() ? 201 : 202, status());
  }

  Said answer(const Heard& heard) {
    if (heard.path != "/v2/obscura/keys/" + hash) return failure(404, "not_found");
    return heard.method == "PUT" ? put(heard) : whole(200, status());
  }
};

class KeysTest : public ::testing::Test {
 protected:
  KeysTest() {
    for (int i = 0; i < 2500; ++i) keys_ += static_cast<char>(i * 7);
    file_ = folder_ / "evaluation.key";
    std::ofstream(file_, std::ios::binary) << keys_;
    store_.hash = hash_text(keys_);
    options_ = quick();
    options_.piece_bytes = 1000;
  }

  std::size_t puts(const ScriptedServer& server) const {
    std::size_t count = 0;
    for (const auto& heard : server.heard()) count += heard.method == "PUT" ? 1 : 0;
    return count;
  }

  TemporaryFolder folder_;
  std::filesystem::path file_;
  std::string keys_;
  Store store_;
  Options options_;
};

TEST_F(KeysTest, GoInPieces) {
  ScriptedServer server([&](const Heard& heard) { return store_.answer(heard); });
  std::vector<std::uint64_t> told;
  options_.progress = [&](const std::string&, std::uint64_t done, std::uint64_t) { told.push_back(done); };
  Remote remote(server.url(), "", options_);
  EXPECT_EQ(remote.upload_keys(keys_of_file(file_)).state, KeyState::ready);
  EXPECT_EQ(store_.held, keys_);
  EXPECT_EQ(puts(server), 3U);
  EXPECT_EQ(server.heard()[1].headers.at("content-range"), "bytes 0-999/2500");
  EXPECT_EQ(server.heard()[3].headers.at("content-range"), "bytes 2000-2499/2500");
  EXPECT_EQ(told, (std::vector<std::uint64_t>{0, 1000, 2000, 2500}));
}

TEST_F(KeysTest, ThatAreThereAreNotSent) {
  store_.held = keys_, store_.total = keys_.size();
  ScriptedServer server([&](const Heard& heard) { return store_.answer(heard); });
  Remote remote(server.url(), "", options_);
  EXPECT_EQ(remote.upload_keys(keys_of_file(file_)).state, KeyState::ready);
  EXPECT_EQ(puts(server), 0U);
}

TEST_F(KeysTest, GoOnWhereTheyWereLeft) {
  store_.held = keys_.substr(0, 1700), store_.total = keys_.size();
  ScriptedServer server([&](const Heard& heard) { return store_.answer(heard); });
  Remote remote(server.url(), "", options_);
  remote.upload_keys(keys_of_file(file_));
  EXPECT_EQ(store_.held, keys_);
  EXPECT_EQ(server.heard()[1].headers.at("content-range"), "bytes 1700-2499/2500");
}

TEST_F(KeysTest, GoOnWhereTheServerIsAfterAConflict) {
  int asked = 0;
  ScriptedServer server([&](const Heard& heard) {
    if (++asked == 3) store_.held.resize(500);  // it lost some
    return store_.answer(heard);
  });
  Remote remote(server.url(), "", options_);
  EXPECT_EQ(remote.upload_keys(keys_of_file(file_)).state, KeyState::ready);
  EXPECT_EQ(store_.held, keys_);
}

TEST_F(KeysTest, ConflictsWithoutEndAreOne) {
  ScriptedServer server([&](const Heard& heard) {
    if (heard.method == "PUT") return failure(409, "conflict", R"(,"bytes":"500")");
    return whole(200, store_.status());
  });
  Remote remote(server.url(), "", options_);
  EXPECT_EQ(error_of_call([&] { remote.upload_keys(keys_of_file(file_)); }).code(), "conflict");
  EXPECT_LT(server.heard().size(), 30U);
}

TEST_F(KeysTest, SurviveCutsAndFullServers) {
  int asked = 0;
  ScriptedServer server([&](const Heard& heard) -> Said {
    switch (++asked % 4) {
      case 1:
        return {"", true};
      case 2:
        return failure(503, "overloaded", "", "Retry-After: 0\r\n");
      case 3: {
        store_.answer(heard);  // taken, and the answer is lost
        return {"HTTP/1.1 202 ", true};
      }
      default:
        return store_.answer(heard);
    }
  });
  Remote remote(server.url(), "", options_);
  EXPECT_EQ(remote.upload_keys(keys_of_file(file_)).state, KeyState::ready);
  EXPECT_EQ(store_.held, keys_);
}

TEST_F(KeysTest, BecomeSmallerPiecesWhereAProxyRefusesLargeOnes) {
  keys_.assign(900'000, 'k');
  std::ofstream(file_, std::ios::binary) << keys_;
  store_.hash = hash_text(keys_);
  ScriptedServer server([&](const Heard& heard) {
    return heard.body.size() > 100'000 ? whole(413, "<html>too large</html>") : store_.answer(heard);
  });
  options_.piece_bytes = 1 << 20;
  Remote remote(server.url(), "", options_);
  EXPECT_EQ(remote.upload_keys(keys_of_file(file_)).state, KeyState::ready);
  EXPECT_EQ(store_.held, keys_);
}

TEST_F(KeysTest, AServerThatKeepsNothingIsNotFedForEver) {
  ScriptedServer server([&](const Heard&) { return whole(202, store_.status()); });
  Remote remote(server.url(), "", options_);
  EXPECT_EQ(error_of_call([&] { remote.upload_keys(keys_of_file(file_)); }).code(), "unexpected");
  store_.held = keys_, store_.total = keys_.size() + 1;  // all of it, and not ready
  options_.total_ms = 1000;
  ScriptedServer other([&](const Heard&) { return whole(200, store_.status()); });
  Remote hasty(other.url(), "", options_);
  EXPECT_EQ(error_of_call([&] { hasty.upload_keys(keys_of_file(file_)); }).code(), "unexpected");
  store_.hash = hash_text("others");
  EXPECT_EQ(error_of_call([&] { remote.upload_keys(keys_of_file(file_)); }).code(), "unexpected");
}

TEST_F(KeysTest, ThatAnotherClientSentAreWaitedForWhileTheyAreChecked) {
  store_.held = keys_, store_.total = keys_.size() + 1;  // all of it, and not ready yet
  std::atomic<int> asked = 0;
  ScriptedServer server([&](const Heard& heard) {
    if (++asked == 4) store_.total = keys_.size();
    return store_.answer(heard);
  });
  Remote remote(server.url(), "", options_);
  EXPECT_EQ(remote.upload_keys(keys_of_file(file_)).state, KeyState::ready);
  EXPECT_EQ(puts(server), 0U);
  EXPECT_EQ(asked, 4);
}

TEST_F(KeysTest, ThatAreNotThereAreAnErrorOfTheirOwn) {
  Remote remote("http://127.0.0.1:1", "", options_);
  EXPECT_THROW(remote.upload_keys(keys_of_file(folder_ / "none")), IoError);
  std::ofstream(folder_ / "empty");
  EXPECT_THROW(remote.upload_keys(keys_of_file(folder_ / "empty")), UsageError);
}

TEST_F(KeysTest, ThatBecomeShorterOnTheirWayAreAnError) {
  const auto source = keys_of_file(file_);
  std::filesystem::resize_file(file_, 1500);
  Remote remote("http://127.0.0.1:1", "", options_);
  EXPECT_THROW(remote.upload_keys(source), IoError);
}

TEST_F(KeysTest, AreListedAsTheServerHasThem) {
  store_.held = keys_, store_.total = keys_.size();
  ScriptedServer server([&](const Heard&) { return whole(200, R"({"keys":[)" + store_.status() + "]}"); });
  Remote remote(server.url(), "", options_);
  const auto keys = remote.keys();
  ASSERT_EQ(keys.size(), 1U);
  EXPECT_EQ(keys[0].hash, store_.hash);
  EXPECT_EQ(keys[0].models, std::vector<std::string>{"m"});
}

TEST_F(KeysTest, GoByThemselvesWhereAQueryNeedsThem) {
  ScriptedServer server([&](const Heard& heard) {
    if (heard.path != "/v2/models/m/infer") return store_.answer(heard);
    return store_.ready() ? binary_answer("the answer") : failure(424, "keys_unknown", R"(,"key_id":"k")");
  });
  Remote remote(server.url(), "", options_);
  const auto keys = [&] { return keys_of_file(file_); };
  EXPECT_EQ(text_of(remote.infer("m", bytes_of("query"), keys)), "the answer");
  EXPECT_EQ(store_.held, keys_);
  EXPECT_EQ(text_of(remote.infer("m", bytes_of("query"), keys)), "the answer");
  EXPECT_EQ(puts(server), 3U);
  EXPECT_EQ(text_of(remote.infer("m", bytes_of("query"), [&] { return keys_of(bytes_of("")); })), "the answer");
}

TEST_F(KeysTest, AreSentOnceForAQuery) {
  int infers = 0;
  ScriptedServer server([&](const Heard& heard) {
    if (heard.path != "/v2/models/m/infer") return store_.answer(heard);
    ++infers;
    return failure(424, "keys_unknown", R"(,"key_id":"k")");
  });
  Remote remote(server.url(), "", options_);
  const auto error = error_of_call([&] { remote.infer("m", bytes_of("q"), [&] { return keys_of_file(file_); }); });
  EXPECT_EQ(error.code(), "keys_unknown");
  EXPECT_EQ(error.detail("key_id"), "k");
  EXPECT_EQ(infers, 2);
  EXPECT_EQ(error_of_call([&] { remote.infer("m", bytes_of("q")); }).code(), "keys_unknown");
  EXPECT_EQ(infers, 3);
}

TEST(Infer, SpeaksTheBinaryFormOfTheProtocol) {
  ScriptedServer server(one_by_one({binary_answer("the answer")}));
  Remote remote(server.url(), "", quick());
  const std::string query("\0q\xff", 3);
  EXPECT_EQ(text_of(remote.infer("a b", bytes_of(query))), "the answer");
  const auto heard = server.heard()[0];
  EXPECT_EQ(heard.path, "/v2/models/a%20b/infer");
  const std::size_t head = std::stoul(heard.headers.at("inference-header-content-length"));
  const auto json = nlohmann::json::parse(heard.body.substr(0, head));
  ASSERT_EQ(json["inputs"].size(), 1U);
  EXPECT_EQ(json["inputs"][0]["name"], "query");
  EXPECT_EQ(json["inputs"][0]["datatype"], "BYTES");
  EXPECT_EQ(json["inputs"][0]["shape"], nlohmann::json::array({1}));
  EXPECT_EQ(json["inputs"][0]["parameters"]["binary_data_size"], 7);
  EXPECT_EQ(json["outputs"][0]["name"], "answer");
  EXPECT_EQ(json["outputs"][0]["parameters"]["binary_data"], true);
  EXPECT_EQ(heard.body.substr(head), std::string("\3\0\0\0", 4) + query);
}

TEST(Infer, TakesABareFileToo) {
  ScriptedServer server(one_by_one({whole(200, "file", "Inference-Header-Content-Length: 0\r\n")}));
  Remote remote(server.url(), "", quick());
  EXPECT_EQ(text_of(remote.infer("m", bytes_of("q"))), "file");
}

TEST(Infer, RefusesAnswersThatAreNotOfTheProtocol) {
  const auto with = [](const std::string& json, const std::string& rest, const std::string& length = "") {
    return whole(
        200, json + rest,
        "Inference-Header-Content-Length: " + (length.empty() ? std::to_string(json.size()) : length) + "\r\n");
  };
  const auto output = [](const std::string& more) {
    return R"({"outputs":[{"name":"answer","datatype":"BYTES","shape":[1],"parameters":{"binary_data_size":)" + more;
  };
  const std::vector<Said> wrong = {
      whole(200, "{}"),
      with("{}", "", "-1"),
      with("{}", "", "99"),
      with("{}", ""),
      with(R"({"outputs":[]})", ""),
      with(R"({"outputs":[{"name":"answer","datatype":"BYTES","shape":[1],"data":["x"]}]})", ""),
      with(output("5}}]}"), std::string("\2\0\0\0a", 5)),
      with(output("9}}]}"), std::string("\1\0\0\0a", 5)),
      with(output("9007199254740993}}]}"), std::string("\1\0\0\0a", 5)),
      with(output("2}}]}"), "ab"),
      with(R"({"outputs":[{"name":"answer","datatype":"FP32","shape":[1],"parameters":{"binary_data_size":5}}]})",
           std::string("\1\0\0\0a", 5)),
      with(R"({"outputs":[{"name":"answer","datatype":"BYTES","shape":[2],"parameters":{"binary_data_size":5}}]})",
           std::string("\1\0\0\0a", 5))};
  for (const Said& said : wrong) {
    ScriptedServer server(one_by_one({said}));
    Remote remote(server.url(), "", quick());
    EXPECT_EQ(error_of_call([&] { remote.infer("m", bytes_of("q")); }).code(), "unexpected") << said.bytes;
  }
}

}  // namespace
}  // namespace obscura::remote
