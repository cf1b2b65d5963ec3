#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <thread>

#include "base/error.h"
#include "base/file.h"
#include "serve_http/echo_handler.h"
#include "serve_http/raw_client.h"
#include "support/temporary.h"

namespace obscura::serve {
namespace {

std::string text_in(const std::filesystem::path& path) {
  const std::vector<std::uint8_t> bytes = read_file(path);
  return {bytes.begin(), bytes.end()};
}

/// What a command says.
std::string output_of(const std::string& command) {
  FILE* const pipe = ::popen((command + " 2>&1").c_str(), "r");
  if (pipe == nullptr) return "";
  std::string out;
  std::array<char, 4096> piece{};
  for (std::size_t n = 0; (n = std::fread(piece.data(), 1, piece.size(), pipe)) > 0;) out.append(piece.data(), n);
  ::pclose(pipe);
  return out;
}

class Tls : public testing::Test {
 protected:
  void SetUp() override {
    const std::string at = folder_.path().string();
    output_of(
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost "
        "-keyout " +
        at + "/key.pem -out " + at + "/cert.pem");
    options_ = test_options();
    options_.certificate = text_in(folder_ / "cert.pem");
    options_.key = text_in(folder_ / "key.pem");
  }
  /// openssl as a client that says `bytes`.
  std::string say(std::uint16_t port, const std::string& bytes, const std::string& how = "") {
    write_file(folder_ / "said", std::string_view(bytes));
    return output_of("(cat " + (folder_ / "said").string() +
                     "; sleep 1) | timeout 60 openssl s_client -quiet -connect 127.0.0.1:" + std::to_string(port) +
                     " -CAfile " + (folder_ / "cert.pem").string() + " " + how);
  }

  TemporaryFolder folder_;
  HttpOptions options_;
  EchoHandler handler_;
};

TEST_F(Tls, IsSpokenFromVersion12On) {
  const HttpServer server(options_, handler_);
  for (const char* version : {"-tls1_2", "-tls1_3"}) {
    const std::string answer = say(server.port(), post("/echo", "over TLS", "Connection: close\r\n"), version);
    EXPECT_NE(answer.find("HTTP/1.1 200"), std::string::npos) << answer;
    EXPECT_NE(answer.find("over TLS"), std::string::npos);
    EXPECT_NE(answer.find("verify return:1"), std::string::npos);
  }
  EXPECT_EQ(handler_.ran, 2);
  say(server.port(), get("/echo"), "-tls1_1 -cipher ALL:@SECLEVEL=0");
  EXPECT_EQ(handler_.ran, 2);
}

TEST_F(Tls, PlainClientsAreNotServed) {
  const HttpServer server(options_, handler_);
  RawClient client(server.port());
  client.send(get("/echo"));
  EXPECT_TRUE(client.ends(std::chrono::seconds(60)));
  EXPECT_EQ(handler_.begun, 0);
}

TEST_F(Tls, SlowHandshakesAreNotWaitedFor) {
  options_.header_time = std::chrono::milliseconds(500);
  const HttpServer server(options_, handler_);
  RawClient client(server.port());
  client.send(std::string("\x16\x03\x01\x02", 4));
  EXPECT_TRUE(client.ends(std::chrono::seconds(60)));
}

TEST_F(Tls, WhoGoesStopsTheWork) {
  const HttpServer server(options_, handler_);
  std::thread client([&] { say(server.port(), post("/later", "x"), "-no_ign_eof"); });
  const auto exchange = handler_.later();
  ASSERT_NE(exchange, nullptr);
  EXPECT_TRUE(exchange->request().peer.encrypted);
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (!exchange->stop().stop_requested() && std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  EXPECT_TRUE(exchange->stop().stop_requested());
  exchange->answer(Reply(200, "text/plain", "for nobody"));
  client.join();
}

TEST_F(Tls, WantsAKeyThatBelongsToTheCertificate) {
  output_of("openssl ecparam -genkey -noout -name prime256v1 -out " + (folder_ / "other.pem").string());
  options_.key = text_in(folder_ / "other.pem");
  EXPECT_THROW(HttpServer(options_, handler_), Error);
}

}  // namespace
}  // namespace obscura::serve
