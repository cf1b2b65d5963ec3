// `obscura remote` at a server of this build: two processes that share a network only.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include <chrono>
#include <memory>
#include <thread>

#include "cli/support.h"

extern char** environ;

namespace obscura::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

const std::string kServer = OBSCURA_BINARY_DIR "/obscura-server";

/// `obscura serve` with a state of its own, until it goes.
class RunningServer {
 public:
  RunningServer(const fs::path& models, const fs::path& gallery, const fs::path& state,
                const std::vector<std::string>& more = {}, bool tls = true)
      : state_(state), tls_(!more.empty() && tls) {
    const fs::path ready = state.string() + ".ready";
    fs::remove(ready);
    std::vector<std::string> words = {kServer,        "serve",       "--models",  models,
                                      "--state",      state,         "--gallery", gallery,
                                      "--listen",     "127.0.0.1:0", "--log",     state.string() + ".log",
                                      "--ready-file", ready};
    words.insert(words.end(), more.begin(), more.end());
    std::vector<char*> argv;
    for (auto& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    for (const int fd : {1, 2}) posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", O_WRONLY, 0);
    if (posix_spawn(&pid_, kServer.c_str(), &actions, nullptr, argv.data(), environ) != 0) {
      throw std::runtime_error("no server");
    }
    posix_spawn_file_actions_destroy(&actions);
    for (int i = 0; i < 3000 && text_of(ready).find('\n') == std::string::npos; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    port_ = nlohmann::json::parse(text_of(ready)).at("http");
  }
  ~RunningServer() {
    ::kill(pid_, SIGTERM);
    ::waitpid(pid_, nullptr, 0);
  }
  RunningServer(const RunningServer&) = delete;
  RunningServer& operator=(const RunningServer&) = delete;

  std::string url() const { return (tls_ ? "https://127.0.0.1:" : "http://127.0.0.1:") + std::to_string(port_); }
  std::string token() const {
    const Result made = obscura({"token", "create", "--state", state_, "--tenant", "tester"});
    return made.out.substr(0, made.out.find('\n'));
  }

 private:
  fs::path state_;
  bool tls_;
  pid_t pid_ = -1;
  int port_ = 0;
};

class RemoteTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (!fs::exists(kServer)) return;
    folder_ = std::make_unique<TemporaryFolder>();
    fs::create_directories(*folder_ / "models");
    ASSERT_EQ(obscura({"compile", kModel, "--out", at("models/mnist")}).status, 0);
    ASSERT_EQ(obscura({"index", "--dataset", "samples", "--network", kModel, "--vectors", "output", "--limit", "200",
                       "--out", at("digits")})
                  .status,
              0);
    ASSERT_EQ(obscura({"search", "compile", "--gallery", at("digits"), "--network", kModel}).status, 0);
  }
  static void TearDownTestSuite() { folder_.reset(); }

  void SetUp() override {
    if (!folder_) GTEST_SKIP() << "built without the service";
    server_ = std::make_unique<RunningServer>(at("models"), at("digits"), mine_ / "state");
    token_ = server_->token();
  }

  Result remote(std::vector<std::string> words, const std::string& token) const {
    words.insert(words.begin(), "remote");
    return obscura(words, "export OBSCURA_SERVER=" + server_->url() + " OBSCURA_TOKEN=" + token + ";");
  }
  Result remote(const std::vector<std::string>& words) const { return remote(words, token_); }
  Result classify(std::vector<std::string> more) const {
    more.insert(more.begin(), {"classify", "--keys", keys()});
    return remote(more);
  }
  std::string keys() const { return (mine_ / "keys").string(); }
  static std::string at(const std::string& name) { return (*folder_ / name).string(); }

  static inline std::unique_ptr<TemporaryFolder> folder_;
  TemporaryFolder mine_;
  std::unique_ptr<RunningServer> server_;
  std::string token_;
};

void expect_refused(const Result& result, int status, const std::string& wanted) {
  EXPECT_EQ(result.status, status);
  EXPECT_EQ(result.out, "");
  EXPECT_EQ(result.errors(), 1U) << result.err;
  EXPECT_THAT(result.err, HasSubstr(wanted));
}

TEST_F(RemoteTest, PingNeedsNoTokenAndSaysWhoIsThere) {
  const Result there = remote({"ping", "--json"}, "''");
  ASSERT_EQ(there.status, 0) << there.err;
  EXPECT_EQ(there.json()["ready"], true);
  EXPECT_EQ(there.json()["name"], "obscura");
  const Result lines = remote({"ping"});
  EXPECT_THAT(lines.out, HasSubstr("is ready"));
  server_.reset();
  expect_refused(obscura({"remote", "ping", "--server", "http://127.0.0.1:1"}), 1, "127.0.0.1:1");
}

TEST_F(RemoteTest, MakesAndSendsKeysOnce) {
  const Result first = classify({sample("7-0"), "--json"});
  ASSERT_EQ(first.status, 0) << first.err;
  EXPECT_THAT(first.err, HasSubstr("making keys for model mnist"));
  EXPECT_THAT(first.err, HasSubstr("does not have the evaluation keys: sending"));
  const auto one = first.json();
  EXPECT_EQ(one["images"][0]["label"], "7");
  EXPECT_EQ(one["model"], "mnist");
  EXPECT_EQ(one["keys_made"], true);
  const auto key_file = fs::file_size(fs::path(one["keys"].get<std::string>()) / "evaluation.key");
  EXPECT_GT(one["bytes"]["up"], key_file);

  const Result second = classify({sample("3-0"), sample("8-1"), "--json"});
  ASSERT_EQ(second.status, 0) << second.err;
  EXPECT_THAT(second.err, Not(HasSubstr("keys")));
  const auto two = second.json();
  EXPECT_EQ(two["images"][0]["label"], "3");
  EXPECT_EQ(two["images"][1]["label"], "8");
  EXPECT_EQ(two["queries"], 2);
  EXPECT_LT(two["bytes"]["up"], key_file);
  EXPECT_EQ(two["decryptions"], 3);
  EXPECT_EQ(two["decryptions_complete"], true);

  const Result text = classify({sample("7-0"), "--top", "1"});
  EXPECT_TRUE(text.out.starts_with("7 ")) << text.out;
  EXPECT_THAT(text.out, HasSubstr("model mnist at " + server_->url()));
}

TEST_F(RemoteTest, ListsModelsAndKeysAndForgetsThem) {
  const auto models = remote({"models", "--json"}).json();
  ASSERT_EQ(models["models"].size(), 2U);  // and the gallery's
  EXPECT_THAT(models["models"][0]["name"], testing::AnyOf("mnist", "digits.blind"));
  EXPECT_THAT(remote({"models"}).out, HasSubstr("mnist"));
  EXPECT_THAT(remote({"keys", "list"}).out, HasSubstr("no keys"));
  ASSERT_EQ(classify({sample("1-0")}).status, 0);
  const auto keys = remote({"keys", "list", "--json"}).json()["keys"];
  ASSERT_EQ(keys.size(), 1U);
  EXPECT_EQ(keys[0]["state"], "ready");
  EXPECT_EQ(keys[0]["models"][0], "mnist");
  const std::string hash = keys[0]["hash"];
  EXPECT_THAT(remote({"keys", "list"}).out, HasSubstr(hash));
  expect_refused(remote({"keys", "delete", "0123"}), 2, "names no keys");
  const Result gone = remote({"keys", "delete", hash.substr(0, 12)});
  EXPECT_EQ(gone.out, "deleted " + hash + "\n");
  EXPECT_EQ(remote({"keys", "list", "--json"}).json()["keys"].size(), 0U);
  const Result again = classify({sample("1-0")});
  EXPECT_EQ(again.status, 0) << again.err;
  EXPECT_THAT(again.err, HasSubstr("sending"));
  EXPECT_THAT(again.err, Not(HasSubstr("making")));
}

TEST_F(RemoteTest, SendsKeysAgainToAServerThatLostThem) {
  ASSERT_EQ(classify({sample("5-0")}).status, 0);
  server_.reset();
  fs::remove_all(mine_ / "state");
  server_ = std::make_unique<RunningServer>(at("models"), at("digits"), mine_ / "state");
  token_ = server_->token();
  const Result again = classify({sample("5-0"), "--json"});
  ASSERT_EQ(again.status, 0) << again.err;
  EXPECT_EQ(again.json()["images"][0]["label"], "5");
  EXPECT_EQ(again.json()["keys_made"], false);
  EXPECT_THAT(again.err, HasSubstr("sending"));
}

TEST_F(RemoteTest, RefusesInOneLine) {
  expect_refused(remote({"models"}, "obs_wrong"), 1, "token");
  expect_refused(remote({"classify", sample("7-0"), "--keys", keys()}, ""), 1, "token");
  expect_refused(classify({sample("7-0"), "--model", "other"}), 2, "there is mnist");
  expect_refused(classify({sample("7-0"), "--model", "digits.blind"}), 2, "--mode blind");
  expect_refused(classify({sample("7-0").substr(0, 5)}), 1, "");
  expect_refused(obscura({"remote", "models"}, "unset OBSCURA_SERVER;"), 2, "--server");
  expect_refused(obscura({"remote", "models", "--server", "ftp://x", "--token", "obs_a"}), 2, "http");
  expect_refused(obscura({"remote", "models", "--server", "http://192.0.2.1", "--token", "obs_a"}), 2, "in the clear");
  expect_refused(obscura({"remote", "models", "--server", server_->url(), "--token-file", at("none")}), 1, "none");
  expect_refused(remote({"models", "--ca", at("none")}), 1, "none");
  EXPECT_FALSE(fs::exists(keys()));
  EXPECT_EQ(obscura({"remote"}).status, 2);
}

TEST_F(RemoteTest, AServerThatIsAwayIsALine) {
  ASSERT_EQ(classify({sample("2-0")}).status, 0);
  const std::string url = server_->url();
  server_.reset();
  const Result away = obscura({"remote", "classify", sample("2-0"), "--keys", keys(), "--server", url});
  expect_refused(away, 1, url);
}

TEST_F(RemoteTest, TakesATokenFromAFile) {
  put_text(mine_ / "token", token_ + "\n");
  const Result result =
      obscura({"remote", "models", "--server", server_->url(), "--token-file", (mine_ / "token").string()});
  EXPECT_EQ(result.status, 0) << result.err;
}

TEST_F(RemoteTest, FindsWhatASearchInOneProcessFinds) {
  const auto plain =
      obscura({"search", sample("4-0"), "--gallery", at("digits"), "--network", kModel, "--mode", "plain", "--json"})
          .json();
  const std::string out = (mine_ / "found").string();
  for (const bool first : {true, false}) {
    const Result result = remote({"search", sample("4-0"), "--keys", keys(), "--top", "7", "--out", out, "--json"});
    ASSERT_EQ(result.status, 0) << result.err;
    EXPECT_EQ(result.err.find("sending") != std::string::npos, first);
    const auto found = result.json();
    EXPECT_EQ(found["gallery_name"], "digits");
    ASSERT_EQ(found["results"].size(), 7U);
    for (std::size_t i = 0; i < 5; ++i) {
      EXPECT_NEAR(found["results"][i]["distance"], plain["results"][i]["distance"], 0.004);
      EXPECT_EQ(found["results"][i]["name"],
                "samples train " + std::to_string(found["results"][i]["index"].get<int>()));
    }
    for (const char* name : {"sheet.png", "1.png", "7.png"}) EXPECT_TRUE(fs::exists(fs::path(out) / name)) << name;
  }
  const Result text = remote({"search", sample("4-0"), "--keys", keys(), "--network", kModel});
  EXPECT_THAT(text.out, HasSubstr("the server saw"));
  expect_refused(remote({"search", sample("4-0"), "--keys", keys(), "--gallery", "cats"}), 2, "there is digits");
  const Result blind = remote({"search", sample("4-0"), "--keys", keys(), "--mode", "blind", "--json"});
  ASSERT_EQ(blind.status, 0) << blind.err;
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_NEAR(blind.json()["results"][i]["distance"], plain["results"][i]["distance"], 1e-3);
    EXPECT_EQ(blind.json()["results"][i]["label"], plain["results"][i]["label"]);
  }
  expect_refused(remote({"search", sample("4-0"), "--keys", keys(), "--top", "201"}), 2, "200 images");
  expect_refused(remote({"search", sample("4-0"), "--keys", keys(), "--network",
                         OBSCURA_SOURCE_DIR "/models/obscura-s-mnist.onnx"}),
                 1, "not the network of the gallery");
}

TEST_F(RemoteTest, AServerSeesPicturesOnlyWhereThatIsSwitchedOn) {
  const std::vector<std::string> ask = {"search", sample("4-0"), "--keys", keys(), "--mode", "trusted", "--json"};
  expect_refused(remote(ask), 2, "is not searched in mode trusted");

  const RunningServer sees(at("models"), at("digits"), mine_ / "sees", {"--trusted-server-sees-pictures", kModel},
                           false);
  const std::string there = "export OBSCURA_SERVER=" + sees.url() + " OBSCURA_TOKEN=" + sees.token() + ";";
  auto words = ask;
  words.insert(words.begin(), "remote");
  const Result found = obscura(words, there);
  ASSERT_EQ(found.status, 0) << found.err;
  const auto plain =
      obscura({"search", sample("4-0"), "--gallery", at("digits"), "--network", kModel, "--mode", "plain", "--json"})
          .json();
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_NEAR(found.json()["results"][i]["distance"], plain["results"][i]["distance"], 1e-6);
    EXPECT_EQ(found.json()["results"][i]["name"], plain["results"][i]["name"]);
  }
  words.pop_back();
  EXPECT_THAT(obscura(words, there).out, HasSubstr("THE PICTURE"));
  // The other modes are there as before.
  const Result blind = obscura({"remote", "search", sample("4-0"), "--keys", keys(), "--json"}, there);
  EXPECT_EQ(blind.status, 0) << blind.err;

  expect_refused(
      obscura({"serve", "--gallery", at("digits"), "--state", (mine_ / "other").string(), "--listen", "127.0.0.1:0",
               "--trusted-server-sees-pictures", OBSCURA_SOURCE_DIR "/models/obscura-s-mnist.onnx"}),
      2, "no gallery that is served was indexed with");
}

TEST_F(RemoteTest, ChecksCertificates) {
  const std::string key = (mine_ / "key.pem").string(), certificate = (mine_ / "cert.pem").string();
  const std::string make =
      "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj "
      "/CN=localhost -addext subjectAltName=IP:127.0.0.1 -keyout " +
      key + " -out " + certificate + " 2>/dev/null";
  ASSERT_EQ(std::system(make.c_str()), 0) << "openssl makes the certificate: ./dev setup installs it";
  const RunningServer tls(at("models"), at("digits"), mine_ / "tls", {"--tls-cert", certificate, "--tls-key", key});
  const auto models = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"remote", "models", "--server", tls.url(), "--token", tls.token()});
    return obscura(more);
  };
  expect_refused(models({}), 1, "is not trusted");
  const Result trusted = models({"--ca", certificate});
  EXPECT_EQ(trusted.status, 0) << trusted.err;
  EXPECT_THAT(trusted.out, HasSubstr("mnist"));
}

TEST_F(RemoteTest, EveryOptionStandsInTheDocs) {
  const std::string docs = text_of(OBSCURA_SOURCE_DIR "/docs/cli.md");
  const std::string section = docs.substr(docs.find("\n## remote\n"));
  for (const std::vector<std::string>& verb : std::vector<std::vector<std::string>>{
           {"models"}, {"classify"}, {"search"}, {"keys", "list"}, {"keys", "delete"}}) {
    auto words = verb;
    words.insert(words.begin(), "remote"), words.emplace_back("--help");
    const Result help = obscura(words);
    EXPECT_EQ(help.status, 0);
    EXPECT_THAT(help.out, HasSubstr("--json"));
    for (std::size_t at = 0; (at = help.out.find("  --", at)) != std::string::npos; at += 4) {
      const std::string name = help.out.substr(at + 2, help.out.find_first_of(" ,\n", at + 4) - at - 2);
      EXPECT_THAT(section, HasSubstr(name));
    }
  }
}

}  // namespace
}  // namespace obscura::cli
