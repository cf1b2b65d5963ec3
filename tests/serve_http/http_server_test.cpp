#include "serve/http/http_server.h"

#include <gtest/gtest.h>

#include <thread>

#include "base/error.h"
#include "base/file.h"
#include "serve_http/echo_handler.h"
#include "serve_http/raw_client.h"
#include "support/temporary.h"

namespace obscura::serve {
namespace {

TEST(HttpServer, AnswersOneRequestAfterTheOther) {
  EchoHandler handler;
  const HttpServer server(test_options(), handler);
  RawClient client(server.port());
  for (const std::string body : {"one", "two"}) {
    client.send(post("/echo", body));
    const RawReply reply = client.reply();
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.body, body);
    EXPECT_EQ(reply.headers.count("connection"), 0u);
  }
}

TEST(HttpServer, AnswersPipelinedRequestsInOrder) {
  EchoHandler handler;
  const HttpServer server(test_options(), handler);
  RawClient client(server.port());
  client.send(post("/later", "first") + post("/echo", "second") + get("/echo"));
  const auto first = handler.later();
  ASSERT_NE(first, nullptr);
  first->answer(Reply(200, "text/plain", first->take_body()));
  EXPECT_EQ(client.reply().body, "first");
  EXPECT_EQ(client.reply().body, "second");
  EXPECT_EQ(client.reply().status, 200);
}

TEST(HttpServer, TakesBodiesInChunks) {
  EchoHandler handler;
  const HttpServer server(test_options(), handler);
  RawClient client(server.port());
  client.send(
      "POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n3;x=y\r\nefg\r\n0\r\n\r\n");
  EXPECT_EQ(client.reply().body, "abcdefg");
  client.send(get("/echo"));
  EXPECT_EQ(client.reply().status, 200);
}

TEST(HttpServer, TakesALargeBodyWhole) {
  EchoHandler handler;
  handler.max_body = 8 << 20;
  const HttpServer server(test_options(), handler);
  std::string body(5 << 20, '\0');
  for (std::size_t i = 0; i < body.size(); ++i) body[i] = static_cast<char>(i * 2654435761u >> 16);
  RawClient client(server.port());
  std::thread sends([&] { client.send(post("/echo", body)); });
  const RawReply reply = client.reply();
  sends.join();
  EXPECT_TRUE(reply.body == body);
  EXPECT_EQ(server.bodies_in_flight(), 0u);
}

TEST(HttpServer, SaysContinueOrRefusesInstead) {
  EchoHandler handler;
  const HttpServer server(test_options(), handler);
  RawClient client(server.port());
  client.send("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.reply().status, 100);
  client.send("abc");
  EXPECT_EQ(client.reply().body, "abc");
  client.send("POST /secret HTTP/1.1\r\nHost: t\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
  const RawReply refused = client.reply();
  EXPECT_EQ(refused.status, 401);
  EXPECT_EQ(refused.headers.at("connection"), "close");
  EXPECT_TRUE(client.ends());
  RawClient odd(server.port());
  odd.send(get("/echo", "Expect: wonders\r\n"));
  EXPECT_EQ(odd.reply().status, 417);
}

TEST(HttpServer, RefusesWithoutReadingTheBody) {
  EchoHandler handler;
  const HttpServer server(test_options(), handler);
  RawClient client(server.port());
  client.send("POST /secret HTTP/1.1\r\nHost: t\r\nContent-Length: 50000000\r\n\r\nbegin");
  EXPECT_EQ(client.reply().status, 401);
  RawClient large(server.port());
  large.send("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 99999999999\r\n\r\n");
  EXPECT_EQ(large.reply().status, 413);
  EXPECT_EQ(handler.ran, 0);
}

TEST(HttpServer, RefusalsReachClientsThatGoOnSending) {
  EchoHandler handler;
  const HttpServer server(test_options(), handler);
  for (int i = 0; i < 5; ++i) {
    RawClient client(server.port());
    client.send(post("/secret", std::string(3 << 20, 'x')));
    EXPECT_EQ(client.reply().status, 401);
  }
}

TEST(HttpServer, KeepsTheConnectionOfSmallRefusedRequests) {
  EchoHandler handler;
  const HttpServer server(test_options(), handler);
  RawClient client(server.port());
  client.send(post("/secret", "small") + get("/secret") + get("/echo"));
  EXPECT_EQ(client.reply().status, 401);
  EXPECT_EQ(client.reply().status, 401);
  EXPECT_EQ(client.reply().status, 200);
}

TEST(HttpServer, RefusesChunksThatBecomeTooMuch) {
  EchoHandler handler;
  handler.max_body = 10;
  const HttpServer server(test_options(), handler);
  RawClient client(server.port());
  client.send(
      "POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n14\r\n01234567890123456789\r\n0\r\n\r\n");
  EXPECT_EQ(client.reply().status, 413);
  EXPECT_TRUE(client.ends());
  RawClient endless(server.port());
  endless.send("POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n1000000\r\n");
  const std::string piece(1 << 20, 'x');
  int sent = 0;
  while (sent < 200 && endless.send(piece)) ++sent;
  EXPECT_LT(sent, 200);
  EXPECT_EQ(handler.ran, 0);
}

TEST(HttpServer, WantsALengthWhereThereIsABody) {
  EchoHandler handler;
  const HttpServer server(test_options(), handler);
  RawClient client(server.port());
  client.send("POST /echo HTTP/1.1\r\nHost: t\r\n\r\n");
  EXPECT_EQ(client.reply().status, 411);
  client.send("GET /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 3\r\n\r\nabc");
  EXPECT_EQ(client.reply().status, 400);
  client.send(post("/echo", "abc", "Content-Encoding: gzip\r\n"));
  const RawReply packed = client.reply();
  EXPECT_EQ(packed.status, 415);
  EXPECT_NE(packed.body.find("\"code\":\"unsupported\""), std::string::npos);
}

TEST(HttpServer, RefusesMoreBodiesThanItHasRoomFor) {
  EchoHandler handler;
  HttpOptions options = test_options();
  options.max_bodies_in_flight = 1000;
  const HttpServer server(options, handler);
  RawClient first(server.port()), second(server.port());
  first.send(post("/later", std::string(600, 'x')));
  auto exchange = handler.later();
  ASSERT_NE(exchange, nullptr);
  EXPECT_EQ(server.bodies_in_flight(), 600u);
  second.send(post("/echo", std::string(600, 'x')));
  const RawReply refused = second.reply();
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.headers.count("retry-after"), 1u);
  exchange->answer(Reply(200, "text/plain", "done"));
  exchange.reset();
  EXPECT_EQ(first.reply().status, 200);
  second.send(post("/echo", std::string(600, 'x')));
  EXPECT_EQ(second.reply().status, 200);
}

TEST(HttpServer, HeadHasTheLengthAndNoBody) {
  EchoHandler handler;
  TemporaryFolder folder;
  handler.file = folder / "file";
  write_file(handler.file, std::string_view("0123456789"));
  const HttpServer server(test_options(), handler);
  RawClient client(server.port());
  client.send("HEAD /file HTTP/1.1\r\nHost: t\r\n\r\n" + get("/file"));
  const RawReply head = client.reply(true);
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.headers.at("content-length"), "10");
  EXPECT_EQ(client.reply().body, "0123456789");
}

TEST(HttpServer, SendsFilesInPartsAndNotTwice) {
  EchoHandler handler;
  TemporaryFolder folder;
  handler.file = folder / "file";
  const std::string all(3'000'000, 'q');
  write_file(handler.file, std::string_view("start" + all + "end"));
  const HttpServer server(test_options(), handler);
  RawClient client(server.port());
  client.send(get("/file"));
  const RawReply whole = client.reply();
  EXPECT_TRUE(whole.body == "start" + all + "end");
  EXPECT_EQ(whole.headers.at("etag"), "\"tag\"");
  client.send(get("/file", "Range: bytes=-3\r\n"));
  const RawReply part = client.reply();
  EXPECT_EQ(part.status, 206);
  EXPECT_EQ(part.body, "end");
  EXPECT_EQ(part.headers.at("content-range"), "bytes 3000005-3000007/3000008");
  client.send(get("/file", "If-None-Match: \"tag\"\r\n"));
  EXPECT_EQ(client.reply().status, 304);
  client.send(get("/file", "Range: bytes=9000000-\r\n"));
  EXPECT_EQ(client.reply().status, 416);
}

TEST(HttpServer, AnswersForHandlersThatFail) {
  EchoHandler handler;
  const HttpServer server(test_options(), handler);
  RawClient client(server.port());
  for (const char* path : {"/lost", "/fails", "/throws"}) {
    client.send(get(path));
    EXPECT_EQ(client.reply().status, 500) << path;
  }
}

TEST(HttpServer, SpeaksWithOldClients) {
  EchoHandler handler;
  const HttpServer server(test_options(), handler);
  RawClient client(server.port());
  client.send("GET /echo HTTP/1.0\r\n\r\n");
  EXPECT_EQ(client.reply().status, 200);
  EXPECT_TRUE(client.ends());
}

TEST(HttpServer, SaysWhyItDoesNotStart) {
  EchoHandler handler;
  const HttpServer server(test_options(), handler);
  HttpOptions options = test_options();
  options.listen = "127.0.0.1:" + std::to_string(server.port());
  EXPECT_THROW(HttpServer(options, handler), IoError);
  options = test_options();
  options.certificate = options.key = "no PEM";
  EXPECT_THROW(HttpServer(options, handler), Error);
}

}  // namespace
}  // namespace obscura::serve
