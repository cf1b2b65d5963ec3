// Calls, and what becomes of them where a server does not do what it should.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <stop_token>
#include <thread>

#include "remote/support.h"

namespace obscura::remote {
namespace {

using testing::HasSubstr;

const std::string kSpec = "what keys are made for";

TEST(Calls, SayTheTokenAndReadWhatIsThere) {
  ScriptedServer server([](const Heard& heard) {
    if (heard.path == "/v2") {
      return whole(200, R"({"name":"obscura","version":"1","extensions":["binary_tensor_data"],"more":{"a":[1]}})");
    }
    return whole(200, model_json(hash_text(kSpec), heard.path == "/v2/models" ? "list" : "page"));
  });
  Remote remote(server.url(), "obs_secret", quick());
  EXPECT_EQ(remote.server().extensions, std::vector<std::string>{"binary_tensor_data"});
  const auto models = remote.models();
  ASSERT_EQ(models.size(), 1U);
  EXPECT_EQ(models[0].name, "m");
  EXPECT_EQ(models[0].key_bytes, 2000U);
  EXPECT_EQ(remote.model("m").version, "v");
  for (const auto& heard : server.heard()) EXPECT_EQ(heard.headers.at("authorization"), "Bearer obs_secret");
  EXPECT_GT(remote.traffic().down, 0U);
}

TEST(Calls, PingIsAskedOnce) {
  ScriptedServer server(one_by_one({whole(200, R"({"ready":true})"), whole(503, R"({"ready":false})"),
                                    failure(503, "shutting_down"), whole(404, "<html>"), whole(200, "{}")}));
  Remote remote(server.url(), "", quick());
  EXPECT_NO_THROW(remote.ping());
  const auto waiting = error_of_call([&] { remote.ping(); });
  EXPECT_EQ(waiting.status(), 503);
  EXPECT_THAT(waiting.what(), HasSubstr("not ready"));
  EXPECT_EQ(error_of_call([&] { remote.ping(); }).code(), "shutting_down");
  EXPECT_EQ(error_of_call([&] { remote.ping(); }).code(), "not_found");
  ASSERT_EQ(server.heard().size(), 4U);
  for (const auto& heard : server.heard()) {
    EXPECT_EQ(heard.path, "/v2/health/ready");
    EXPECT_EQ(heard.headers.count("authorization"), 0U);
  }
}

TEST(Calls, ClientSpecsAreCheckedAndFetchedOnce) {
  ScriptedServer server([](const Heard&) { return whole(200, kSpec); });
  Remote remote(server.url(), "", quick());
  ModelFacts model;
  model.name = "m", model.spec_hash = hash_text(kSpec);
  EXPECT_EQ(text_of(remote.client_spec(model)), kSpec);
  EXPECT_EQ(text_of(remote.client_spec(model)), kSpec);
  EXPECT_EQ(server.heard().size(), 1U);
  model.spec_hash = hash_text("another");
  const auto error = error_of_call([&] { remote.client_spec(model); });
  EXPECT_EQ(error.code(), "unexpected");
  EXPECT_THAT(error.what(), HasSubstr("not the one of its hash"));
}

TEST(Calls, ErrorsKeepCodeSentenceAndDetails) {
  ScriptedServer server(one_by_one({failure(404, "not_found", R"(,"model":"x","n":7,"list":[1])")}));
  Remote remote(server.url(), "", quick());
  const auto error = error_of_call([&] { remote.model("x"); });
  EXPECT_EQ(error.code(), "not_found");
  EXPECT_EQ(error.status(), 404);
  EXPECT_THAT(error.what(), HasSubstr("it is so"));
  EXPECT_EQ(error.detail("model"), "x");
  EXPECT_EQ(error.detail("n"), "7");
  EXPECT_EQ(error.detail("list"), "");
}

TEST(Calls, ErrorsOfProxiesHaveTheCodeOfTheirStatus) {
  for (const auto& [status, code] : std::vector<std::pair<int, std::string>>{
           {401, "unauthenticated"}, {413, "too_large"}, {301, "unexpected"}, {418, "unexpected"}, {500, "internal"}}) {
    ScriptedServer server(one_by_one({whole(status, "<html>no</html>", "Location: http://127.0.0.1:1/\r\n")}));
    Remote remote(server.url(), "", quick());
    EXPECT_EQ(error_of_call([&] { remote.server(); }).code(), code) << status;
    EXPECT_EQ(server.heard().size(), 1U);
  }
}

TEST(Calls, NothingOfAnErrorMovesATerminal) {
  ScriptedServer server(one_by_one({whole(400, "{\"error\":\"a\\u001b[2Jb\\u009b1mc\",\"code\":\"bad_request\"}")}));
  Remote remote(server.url(), "", quick());
  EXPECT_THAT(error_of_call([&] { remote.server(); }).what(), HasSubstr("a [2Jb 1mc"));
}

TEST(Calls, JsonThatCannotBeIsRefused) {
  const std::string hash = hash_text(kSpec);
  const std::string deep = R"({"name":"x","extensions":)" + std::string(5000, '[') + std::string(5000, ']') + "}";
  for (const std::string& json :
       {std::string("no json"), std::string("[]"), std::string("{}"), std::string(R"({"name":7})"),
        std::string(R"({"name":""})"), std::string(R"({"name":"a\nb"})"), std::string(R"({"name":")"), deep,
        R"({"name":")" + std::string(1000, 'a') + "\"}", std::string(R"({"name":"x","extensions":[1]})")}) {
    ScriptedServer server(one_by_one({whole(200, json)}));
    Remote remote(server.url(), "", quick());
    EXPECT_EQ(error_of_call([&] { remote.server(); }).code(), "unexpected") << json.substr(0, 60);
  }
  for (const std::string& json :
       {model_json("no hash", "page"), model_json(hash, "list"), std::string(R"({"name":"m"})"),
        R"({"name":"other",)" + model_json(hash, "page").substr(12),
        R"({"name":"m","properties":{"network":"n","client_spec":")" + hash + R"(","key_bytes":-1}})",
        R"({"name":"m","properties":{"network":"n","client_spec":")" + hash + R"(","images_per_query":0}})"}) {
    ScriptedServer server(one_by_one({whole(200, json)}));
    Remote remote(server.url(), "", quick());
    EXPECT_EQ(error_of_call([&] { remote.model("m"); }).code(), "unexpected") << json;
  }
}

TEST(Calls, AnswersThatAreTooLargeAreNotRead) {
  ScriptedServer server(one_by_one({whole(200, std::string(8 << 20, ' '))}));
  Remote remote(server.url(), "", quick());
  const auto error = error_of_call([&] { remote.server(); });
  EXPECT_EQ(error.code(), "unexpected");
  EXPECT_THAT(error.what(), HasSubstr("may have"));
  EXPECT_LT(remote.traffic().down, std::uint64_t{6} << 20);
}

TEST(Calls, HeadersWithoutEndAreNotRead) {
  std::string headers;
  for (int i = 0; i < 4000; ++i) headers += "X-" + std::to_string(i) + ": " + std::string(40, 'x') + "\r\n";
  ScriptedServer server(one_by_one({whole(200, "{}", headers)}));
  Remote remote(server.url(), "", quick());
  EXPECT_EQ(error_of_call([&] { remote.server(); }).code(), "unexpected");
}

TEST(Calls, ConnectionsThatAreCutAreTriedAgain) {
  const Said good = whole(200, R"({"name":"obscura"})");
  Said cut = good;
  cut.bytes.resize(cut.bytes.size() - 3), cut.close = true;
  ScriptedServer server(one_by_one({{"", true}, cut, {"HTTP/1.1 200 X\r\nConte", true}, good}));
  Remote remote(server.url(), "", quick());
  EXPECT_EQ(remote.server().name, "obscura");
  EXPECT_GE(server.heard().size(), 4U);
}

TEST(Calls, AServerThatIsAwayIsUnreachable) {
  std::string url;
  {
    url = ScriptedServer([](const Heard&) { return Said{}; }).url();
  }
  Options options = quick();
  options.retries = 2;
  Remote remote(url, "", options);
  const auto error = error_of_call([&] { remote.models(); });
  EXPECT_EQ(error.code(), "unreachable");
  EXPECT_EQ(error.status(), 0);
  EXPECT_THAT(error.what(), HasSubstr(url));
}

TEST(Calls, WhatIsNoHttpIsNoServer) {
  ScriptedServer server(one_by_one({{"SSH-2.0-OpenSSH_9.2\r\n", true}}));
  Options options = quick();
  options.retries = 1;
  Remote remote(server.url(), "", options);
  EXPECT_THAT(error_of_call([&] { remote.server(); }).code(), testing::AnyOf("unexpected", "unreachable"));
}

TEST(Calls, SilenceHasAnEnd) {
  const Said good = whole(200, R"({"name":"obscura"})");
  for (const std::size_t bytes : {std::size_t{0}, std::size_t{10}, good.bytes.size() - 2}) {
    ScriptedServer server(one_by_one({{good.bytes.substr(0, bytes), false, true}}));
    Options options = quick();
    options.http.stall_ms = 100, options.http.connect_ms = 100, options.retries = 1;
    Remote remote(server.url(), "", options);
    EXPECT_EQ(error_of_call([&] { remote.server(); }).code(), "unreachable") << bytes;
  }
}

TEST(Calls, WaitingForWhatIsComputedHasAnEnd) {
  ScriptedServer server(one_by_one({{"", false, true}}));
  Options options = quick();
  options.http.stall_ms = 50, options.total_ms = 400;
  Remote remote(server.url(), "", options);
  const auto error = error_of_call([&] { remote.infer("m", bytes_of("query")); });
  EXPECT_EQ(error.code(), "unreachable");
  EXPECT_THAT(error.what(), HasSubstr("in time"));
  EXPECT_EQ(server.heard().size(), 1U);
}

TEST(Calls, AFullServerIsAskedAgainWhenItSays) {
  ScriptedServer server(
      one_by_one({failure(503, "overloaded", "", "Retry-After: 0\r\n"),
                  failure(503, "shutting_down", "", "Retry-After: 1\r\n"), whole(200, R"({"name":"obscura"})")}));
  Remote remote(server.url(), "", quick());
  const auto begin = Clock::now();
  EXPECT_EQ(remote.server().name, "obscura");
  EXPECT_GE(Clock::now() - begin, std::chrono::seconds(1));
}

TEST(Calls, AServerThatStaysFullIsGivenUp) {
  for (const char* header : {"Retry-After: 0\r\n", "Retry-After: 99999\r\n", ""}) {
    ScriptedServer server(one_by_one({failure(503, "overloaded", "", header)}));
    Options options = quick();
    options.retries = 3;
    Remote remote(server.url(), "", options);
    EXPECT_EQ(error_of_call([&] { remote.server(); }).code(), "overloaded");
    EXPECT_EQ(server.heard().size(), std::string(header).find("99999") != std::string::npos ? 1U : 4U) << header;
  }
}

/// How long after the stop a call ends; generous, for machines that are busy.
template <typename Call>
void expect_stops(const Call& call) {
  std::stop_source stop;
  std::jthread later([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    stop.request_stop();
  });
  const auto begin = Clock::now();
  EXPECT_THROW(call(stop.get_token()), CancelledError);
  EXPECT_LT(Clock::now() - begin, std::chrono::seconds(10));
}

TEST(Calls, EndSoonAfterTheyAreCalledOff) {
  ScriptedServer silent(one_by_one({{"", false, true}}));
  Remote remote(silent.url(), "", quick());
  expect_stops([&](const std::stop_token& stop) { remote.infer("m", bytes_of("query"), {}, stop); });
  ScriptedServer full(one_by_one({failure(503, "overloaded", "", "Retry-After: 20\r\n")}));
  Remote waiting(full.url(), "", quick());
  expect_stops([&](const std::stop_token& stop) { waiting.server(stop); });
  std::stop_source before;
  before.request_stop();
  EXPECT_THROW(waiting.server(before.get_token()), CancelledError);
}

TEST(Calls, ComeFromManyThreads) {
  ScriptedServer server([](const Heard&) {
    Said said = whole(200, R"({"name":"obscura"})");
    said.close = true;  // for the next connection
    return said;
  });
  Options options = quick();
  options.retries = 100;
  Remote remote(server.url(), "", options);
  std::atomic<int> good = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&] {
        for (int k = 0; k < 5; ++k) good += remote.server().name == "obscura" ? 1 : 0;
      });
    }
  }
  EXPECT_EQ(good, 40);
}

TEST(Calls, DeletingIsNotUndoneByALostAnswer) {
  ScriptedServer server(one_by_one({{"", true}, failure(404, "not_found")}));
  Remote remote(server.url(), "", quick());
  EXPECT_NO_THROW(remote.remove_key(hash_text("keys")));
  ScriptedServer other(one_by_one({failure(404, "not_found")}));
  Remote first(other.url(), "", quick());
  EXPECT_EQ(error_of_call([&] { first.remove_key(hash_text("keys")); }).code(), "not_found");
  EXPECT_EQ(server.heard()[0].method, "DELETE");
  EXPECT_THROW(first.remove_key("../models"), UsageError);
}

}  // namespace
}  // namespace obscura::remote
