#include <gtest/gtest.h>

#include <future>
#include <thread>

#include "serve_http/echo_handler.h"
#include "serve_http/raw_client.h"

namespace obscura::serve {
namespace {

using namespace std::chrono_literals;

TEST(HttpStop, LetsRequestsEnd) {
  EchoHandler handler;
  HttpServer server(test_options(), handler);
  RawClient working(server.port()), idle(server.port());
  idle.send(get("/echo"));
  EXPECT_EQ(idle.reply().status, 200);
  working.send(post("/later", "x"));
  const auto exchange = handler.later();
  ASSERT_NE(exchange, nullptr);
  auto stopped = std::async(std::launch::async, [&] { server.stop(60s); });
  // It does not listen any more, and takes no new request.
  const auto until = std::chrono::steady_clock::now() + 60s;
  bool refused = false;
  while (!refused && std::chrono::steady_clock::now() < until) {
    try {
      RawClient another(server.port());
      std::this_thread::sleep_for(5ms);
    } catch (const std::runtime_error&) {
      refused = true;
    }
  }
  EXPECT_TRUE(refused);
  idle.send(get("/echo"));
  EXPECT_EQ(idle.reply().status, 503);
  EXPECT_EQ(stopped.wait_for(0s), std::future_status::timeout);
  EXPECT_FALSE(exchange->stop().stop_requested());
  exchange->answer(Reply(200, "text/plain", "in time"));
  const RawReply reply = working.reply();
  EXPECT_EQ(reply.body, "in time");
  EXPECT_EQ(reply.headers.at("connection"), "close");
  stopped.get();
  server.stop(0ms);
}

TEST(HttpStop, EndsWhenTheGraceIsOver) {
  EchoHandler handler;
  std::shared_ptr<Exchange> late;
  {
    HttpServer server(test_options(), handler);
    RawClient client(server.port());
    client.send(post("/later", "x"));
    late = handler.later();
    ASSERT_NE(late, nullptr);
    server.stop(10ms);
    EXPECT_TRUE(late->stop().stop_requested());
    EXPECT_TRUE(client.ends());
  }
  late->answer(Reply(200, "text/plain", "for nobody"));
  late.reset();
}

TEST(HttpStop, WhileManyAsk) {
  for (int round = 0; round < 20; ++round) {
    EchoHandler handler;
    HttpServer server(test_options(), handler);
    std::atomic<bool> over = false;
    std::vector<std::thread> clients;
    for (int i = 0; i < 4; ++i) {
      clients.emplace_back([&, i] {
        try {
          while (!over) {
            RawClient client(server.port());
            client.send(post(i % 2 == 0 ? "/later" : "/echo", "x"));
            if (i % 2 == 1) client.reply();
          }
        } catch (const std::runtime_error&) {
        }
      });
    }
    std::thread answers([&] {
      for (int i = 0; i < 5; ++i) {
        if (const auto exchange = handler.later()) exchange->answer(Reply(200, "text/plain", "y"));
      }
    });
    answers.join();
    server.stop(std::chrono::milliseconds(round));
    over = true;
    for (std::thread& client : clients) client.join();
    EXPECT_GE(handler.ran, 5);
  }
}

}  // namespace
}  // namespace obscura::serve
