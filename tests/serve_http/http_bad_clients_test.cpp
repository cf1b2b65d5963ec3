#include <gtest/gtest.h>

#include <netinet/in.h>
#include <sys/socket.h>

#include <thread>

#include "serve_http/echo_handler.h"
#include "serve_http/raw_client.h"

namespace obscura::serve {
namespace {

using namespace std::chrono_literals;

/// Generous: what is awaited takes well under a second on a machine that has nothing else to do.
constexpr auto kPatience = 60s;

HttpOptions impatient_options() {
  HttpOptions options = test_options();
  options.header_time = 600ms;
  options.idle_time = 600ms;
  options.body_window = 600ms;
  options.least_body_rate = 1000;
  return options;
}

/// Whether the server ends a connection to which a byte goes at a time, long before all of `bytes` are there.
bool ends_slow(RawClient& client, const std::string& bytes) {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (!client.send(bytes.substr(i, 1)) || client.ends(50ms)) return true;
  }
  return false;
}

TEST(BadClients, SlowHeadersAreNotWaitedFor) {
  EchoHandler handler;
  const HttpServer server(impatient_options(), handler);
  RawClient from_the_start(server.port());
  EXPECT_TRUE(ends_slow(from_the_start, "GET /echo HTTP/1.1\r\nX: " + std::string(2000, 'x')));
  RawClient behind_a_line(server.port());
  behind_a_line.send("GET /echo HTTP/1.1\r\nHost: x\r\n");
  EXPECT_TRUE(ends_slow(behind_a_line, "X: " + std::string(2000, 'x')));
  EXPECT_EQ(handler.begun, 0);
}

TEST(BadClients, SlowBodiesAreNotWaitedFor) {
  EchoHandler handler;
  const HttpServer server(impatient_options(), handler);
  RawClient client(server.port());
  client.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n" + std::string(50000, 'x'));
  EXPECT_TRUE(ends_slow(client, std::string(2000, 'x')));
  EXPECT_EQ(handler.ran, 0);
  RawClient stalled(server.port());
  stalled.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\nabc");
  EXPECT_TRUE(stalled.ends(kPatience));
}

TEST(BadClients, IdleConnectionsEnd) {
  EchoHandler handler;
  const HttpServer server(impatient_options(), handler);
  RawClient silent(server.port()), idle(server.port());
  idle.send(get("/echo"));
  EXPECT_EQ(idle.reply().status, 200);
  EXPECT_TRUE(silent.ends(kPatience));
  EXPECT_TRUE(idle.ends(kPatience));
}

TEST(BadClients, WhoDoesNotReadTheAnswerIsNotWaitedFor) {
  EchoHandler handler;
  handler.max_body = 64 << 20;
  HttpOptions options = impatient_options();
  options.least_body_rate = 100'000'000;
  const HttpServer server(options, handler);
  RawClient client(server.port());
  client.send(post("/later", "x"));
  auto exchange = handler.later();
  ASSERT_NE(exchange, nullptr);
  exchange->answer(Reply(200, "text/plain", std::string(32 << 20, 'x')));
  const auto until = std::chrono::steady_clock::now() + kPatience;
  while (server.connections() > 0 && std::chrono::steady_clock::now() < until) std::this_thread::sleep_for(20ms);
  EXPECT_EQ(server.connections(), 0u);
}

TEST(BadClients, WorkIsWaitedForHoweverLongItTakes) {
  EchoHandler handler;
  const HttpServer server(impatient_options(), handler);
  RawClient client(server.port());
  client.send(post("/later", "x"));
  const auto exchange = handler.later();
  ASSERT_NE(exchange, nullptr);
  std::this_thread::sleep_for(2s);
  exchange->answer(Reply(200, "text/plain", "done"));
  EXPECT_EQ(client.reply().body, "done");
}

TEST(BadClients, HugeHeadersAreRefused) {
  EchoHandler handler;
  const HttpServer server(test_options(), handler);
  RawClient above_ours(server.port());
  above_ours.send(get("/echo", "X: " + std::string(33000, 'x') + "\r\n"));
  EXPECT_EQ(above_ours.reply().status, 431);
  RawClient endless(server.port());
  endless.send("GET /echo HTTP/1.1\r\nHost: x\r\n");
  for (int i = 0; i < 5000 && endless.send("X-" + std::to_string(i) + ": " + std::string(1000, 'x') + "\r\n"); ++i) {
  }
  EXPECT_TRUE(endless.ends(kPatience));
  RawClient long_line(server.port());
  long_line.send("GET /" + std::string(300000, 'a'));
  EXPECT_TRUE(long_line.ends(kPatience));
  EXPECT_EQ(handler.ran, 0);
}

TEST(BadClients, ManyFieldsInSmallPiecesAreTaken) {
  EchoHandler handler;
  const HttpServer server(test_options(), handler);
  RawClient client(server.port());
  client.send("GET /echo?a=b HTTP/1.1\r\nHost: x\r\n");
  for (int i = 0; i < 200; ++i) client.send("X-" + std::to_string(i) + ":\t " + std::string(100, 'x') + " \r\n");
  client.send("Empty:\r\nCookie: a=b; c=\"d\"\r\n\r\n" + get("/echo"));
  EXPECT_EQ(client.reply().status, 200);
  EXPECT_EQ(client.reply().status, 200);
}

TEST(BadClients, TruncatedBodiesComeToNothing) {
  EchoHandler handler;
  const HttpServer server(test_options(), handler);
  {
    RawClient client(server.port());
    client.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nonly this");
    ::shutdown(client.socket(), SHUT_WR);
    EXPECT_TRUE(client.ends(kPatience));
  }
  const auto until = std::chrono::steady_clock::now() + kPatience;
  while (server.bodies_in_flight() > 0 && std::chrono::steady_clock::now() < until) std::this_thread::sleep_for(5ms);
  EXPECT_EQ(server.bodies_in_flight(), 0u);
  EXPECT_EQ(handler.ran, 0);
}

TEST(BadClients, DoubtsAboutWhereABodyEndsAreRefused) {
  EchoHandler handler;
  const HttpServer server(test_options(), handler);
  const std::string line = "POST /echo HTTP/1.1\r\nHost: x\r\n";
  const std::string hidden = get("/echo");
  const std::string zero(1, '\0');
  for (const std::string& request : {
           line + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + hidden,
           line + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n" + hidden,
           line + "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc" + hidden,
           line + "Content-Length: 3\r\nContent-Length: 30\r\n\r\nabc" + hidden,
           line + "Content-Length: 3, 3\r\n\r\nabc" + hidden,
           line + "Content-Length: +3\r\n\r\nabc" + hidden,
           line + "Content-Length: 0x3\r\n\r\nabc" + hidden,
           line + "Transfer-Encoding: gzip\r\n\r\n0\r\n\r\n" + hidden,
           line + "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n" + hidden,
           line + "Transfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n" + hidden,
           line + "Transfer-Encoding: chunked \r\n\r\n0\r\n\r\n" + hidden,
           line + "Transfer-Encoding:\r\n chunked\r\nContent-Length: 3\r\n\r\nabc" + hidden,
           line + "Transfer-Encoding : chunked\r\nContent-Length: 3\r\n\r\nabc" + hidden,
           line + "Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n" + hidden,
           line + "X: a\r\n b\r\nContent-Length: 3\r\n\r\nabc" + hidden,
           line + "X: a\r\n\tContent-Length: 30\r\nContent-Length: 3\r\n\r\nabc" + hidden,
           line + "X: a\rTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\nabc" + hidden,
           line + "X: a\nContent-Length: 3\r\n\r\nabc" + hidden,
           line + "Content-Length: 3\n\nabc" + hidden,
           line + "X: a" + zero + "b\r\nContent-Length: 3\r\n\r\nabc" + hidden,
           line + "X: a" + zero + "\r\nContent-Length: 3\r\n\r\nabc" + hidden,
           line + "Content-Length: 3" + zero + "0\r\n\r\nabc" + hidden,
           line + "X" + zero + ": a\r\nContent-Length: 3\r\n\r\nabc" + hidden,
           line + "no colon\r\nContent-Length: 3\r\n\r\nabc" + hidden,
           line + ": no name\r\nContent-Length: 3\r\n\r\nabc" + hidden,
           line + "Host: y\r\nContent-Length: 3\r\n\r\nabc" + hidden,
           "POST /echo HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc" + hidden,
           "POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + hidden,
           "POST http://x/echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc" + hidden,
           "POST /a/../echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc" + hidden,
           "POST /a b HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc" + hidden,
           "POST /echo HTTP/1.1 \r\nHost: x\r\nContent-Length: 3\r\n\r\nabc" + hidden,
           "PO(ST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc" + hidden,
       }) {
    RawClient client(server.port());
    client.send(request);
    const std::string answer = client.all(kPatience);
    EXPECT_EQ(answer.rfind("HTTP/1.1 400", 0), 0u) << request << "\n-> " << answer;
    EXPECT_EQ(answer.find("HTTP/1.1 200"), std::string::npos) << request;
  }
  EXPECT_EQ(handler.ran, 0);
}

TEST(BadClients, ChunksThatAreNoneAreRefused) {
  EchoHandler handler;
  const HttpServer server(test_options(), handler);
  const std::string head = "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (const std::string chunks : {"zz\r\nabc\r\n0\r\n\r\n", "0x3\r\nabc\r\n0\r\n\r\n", "-3\r\nabc\r\n",
                                   "3\r\nabcdef\r\n0\r\n\r\n", "ffffffffffffffffff\r\nabc", ";x\r\nabc\r\n0\r\n\r\n"}) {
    RawClient client(server.port());
    client.send(head + chunks);
    const std::string answer = client.all(kPatience);
    EXPECT_EQ(answer.find("HTTP/1.1 200"), std::string::npos) << chunks << answer;
  }
  EXPECT_EQ(handler.ran, 0);
}

TEST(BadClients, NoiseIsNotAnswered) {
  EchoHandler handler;
  const HttpServer server(test_options(), handler);
  std::string noise;
  for (int i = 0; i < 20000; ++i) noise.push_back(static_cast<char>(i * 2654435761u >> 13));
  for (const std::string& bytes :
       {noise, std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n\n", 13) + noise,
        std::string("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), std::string("GET / HTTP/9.9\r\n\r\n")}) {
    RawClient client(server.port());
    client.send(bytes);
    ::shutdown(client.socket(), SHUT_WR);
    EXPECT_TRUE(client.ends(kPatience));
  }
  EXPECT_EQ(handler.ran, 0);
  RawClient client(server.port());
  client.send(get("/echo"));
  EXPECT_EQ(client.reply().status, 200);
}

TEST(BadClients, HundredsThatSayNothingHinderNobody) {
  EchoHandler handler;
  const HttpServer server(test_options(), handler);
  std::vector<RawClient> silent;
  for (int i = 0; i < 300; ++i) silent.emplace_back(server.port());
  RawClient client(server.port());
  for (int i = 0; i < 20; ++i) {
    client.send(post("/echo", "still here"));
    EXPECT_EQ(client.reply().body, "still here");
  }
  EXPECT_GE(server.connections(), 1u);
}

TEST(BadClients, OneAddressDoesNotGetAllConnections) {
  EchoHandler handler;
  HttpOptions options = test_options();
  options.max_connections_an_address = 3;
  const HttpServer server(options, handler);
  std::vector<RawClient> three;
  for (int i = 0; i < 3; ++i) {
    three.emplace_back(server.port());
    three.back().send(get("/echo"));
    EXPECT_EQ(three.back().reply().status, 200);
  }
  RawClient fourth(server.port());
  const RawReply turned_away = fourth.reply();
  EXPECT_EQ(turned_away.status, 503);
  EXPECT_EQ(turned_away.headers.at("retry-after"), "1");
  three.pop_back();
  const auto until = std::chrono::steady_clock::now() + kPatience;
  int status = 0;
  while (status != 200 && std::chrono::steady_clock::now() < until) {
    RawClient again(server.port());
    again.send(get("/echo"));
    status = again.reply().status;
  }
  EXPECT_EQ(status, 200);
}

TEST(BadClients, WhoGoesStopsTheWork) {
  EchoHandler handler;
  const HttpServer server(test_options(), handler);
  for (const bool reset : {false, true}) {
    RawClient client(server.port());
    client.send(post("/later", "x"));
    const auto exchange = handler.later();
    ASSERT_NE(exchange, nullptr);
    EXPECT_FALSE(exchange->stop().stop_requested());
    const linger at_once{1, 0};
    if (reset) ::setsockopt(client.socket(), SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    client.hang_up();
    const auto until = std::chrono::steady_clock::now() + kPatience;
    while (!exchange->stop().stop_requested() && std::chrono::steady_clock::now() < until) {
      std::this_thread::sleep_for(1ms);
    }
    EXPECT_TRUE(exchange->stop().stop_requested());
    exchange->answer(Reply(200, "text/plain", "for nobody"));
    exchange->answer(Reply(200, "text/plain", "again"));
  }
  RawClient client(server.port());
  client.send(get("/echo"));
  EXPECT_EQ(client.reply().status, 200);
}

}  // namespace
}  // namespace obscura::serve
