#include "serve/http/rest_front.h"

#include <gtest/gtest.h>

#include <mutex>

#include "serve/http/base64.h"
#include "serve/http/json_text.h"
#include "serve/support.h"
#include "serve_http/raw_client.h"

namespace obscura::serve {
namespace {

using testing::Customer;
using testing::Place;

class Rest : public ::testing::Test {
 protected:
  Rest() {
    RestOptions options;
    options.http.listen = "127.0.0.1:0";
    options.access_log = [this](std::string_view line) {
      const std::lock_guard guard(lock_);
      lines_.emplace_back(line);
    };
    service_ = std::make_unique<Service>(place_.options());
    front_ = std::make_unique<RestFront>(*service_, options);
    client_ = std::make_unique<RawClient>(front_->port());
    token_ = bearer(place_.token("alice"));
  }

  static std::string bearer(const Credentials& of) { return "Authorization: Bearer " + of.bearer + "\r\n"; }
  RawReply ask(const std::string& bytes, bool head = false) {
    client_->send(bytes);
    RawReply reply = client_->reply(head);
    if (reply.headers.count("connection") != 0) client_ = std::make_unique<RawClient>(front_->port());
    return reply;
  }
  static std::string put(const std::string& path, const std::string& body, const std::string& more) {
    std::string request = post(path, body, more);
    return request.replace(0, 4, "PUT");
  }
  static std::string with_method(std::string request, const std::string& method) {
    return request.replace(0, request.find(' '), method);
  }
  static Json json_of(const RawReply& reply) { return Json::parse(reply.body); }

  /// Sends keys in pieces.
  void upload(const Customer& customer, std::size_t step = 100'000) {
    const std::string keys(customer.keys.begin(), customer.keys.end());
    for (std::size_t at = 0; at < keys.size(); at += step) {
      const std::string piece = keys.substr(at, step);
      const std::string range = "Content-Range: bytes " + std::to_string(at) + "-" +
                                std::to_string(at + piece.size() - 1) + "/" + std::to_string(keys.size()) + "\r\n";
      const RawReply reply = ask(put("/v2/obscura/keys/" + customer.hash, piece, token_ + range));
      const bool last = at + piece.size() == keys.size();
      ASSERT_EQ(reply.status, last ? 201 : 202) << reply.body;
      EXPECT_EQ(json_of(reply)["state"], last ? "ready" : "partial");
    }
  }
  std::string log() {
    const std::lock_guard guard(lock_);
    std::string all;
    for (const std::string& line : lines_) all += line + "\n";
    return all;
  }

  Place place_;
  std::mutex lock_;
  std::vector<std::string> lines_;
  std::unique_ptr<Service> service_;
  std::unique_ptr<RestFront> front_;
  std::unique_ptr<RawClient> client_;
  std::string token_;
};

TEST_F(Rest, SaysWhatItIs) {
  EXPECT_EQ(json_of(ask(get("/v2/health/live")))["live"], true);
  EXPECT_EQ(json_of(ask(get("/v2/health/ready")))["ready"], true);
  EXPECT_EQ(json_of(ask(get("/v2/models/small/ready")))["ready"], true);
  for (const char* path : {"/v2", "/v2/"}) {
    const Json server = json_of(ask(get(path)));
    EXPECT_EQ(server["name"], "obscura");
    EXPECT_EQ(server["extensions"][0], "binary_tensor_data");
  }
  const Json model = json_of(ask(get("/v2/models/small", token_)));
  EXPECT_EQ(model["platform"], "obscura_ckks");
  EXPECT_EQ(model["inputs"][0]["datatype"], "BYTES");
  EXPECT_EQ(json_of(ask(get("/v2/models", token_)))["models"][0]["name"], "small");
  const std::string url = model["properties"]["client_spec_url"];
  const RawReply spec = ask(get(url, token_));
  EXPECT_EQ(spec.status, 200);
  EXPECT_EQ(ask(get(url, token_ + "If-None-Match: " + spec.headers.at("etag") + "\r\n")).status, 304);
  EXPECT_EQ(ask("HEAD " + url + " HTTP/1.1\r\nHost: t\r\n" + token_ + "\r\n", true).headers.at("content-length"),
            std::to_string(spec.body.size()));
}

TEST_F(Rest, HasAPageAndMetricsForThisMachine) {
  const RawReply page = ask(get("/"));
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.headers.at("content-security-policy").rfind("default-src 'none'", 0), 0u);
  EXPECT_NE(page.body.find("small"), std::string::npos);
  const RawReply metrics = ask(get("/metrics"));
  EXPECT_EQ(metrics.status, 200);
  EXPECT_NE(metrics.body.find("obscura_requests_total{"), std::string::npos);
}

TEST_F(Rest, WantsATokenWithTheRight) {
  for (const char* path : {"/v2/models", "/v2/models/small", "/v2/obscura/keys", "/v2/obscura/galleries",
                           "/v2/obscura/galleries/g/card", "/v2/obscura/specs/x"}) {
    const RawReply reply = ask(get(path));
    EXPECT_EQ(reply.status, 401) << path;
    EXPECT_EQ(reply.headers.at("www-authenticate").rfind("Bearer", 0), 0u);
    EXPECT_EQ(json_of(reply)["code"], "unauthenticated");
  }
  const std::string only_keys = bearer(place_.token("bob", static_cast<Scopes>(Scope::keys)));
  EXPECT_EQ(ask(get("/v2/models", only_keys)).status, 403);
  EXPECT_EQ(ask(get("/v2/obscura/keys", only_keys)).status, 200);
  EXPECT_EQ(ask(get("/v2/obscura/keys", "Authorization: Basic abc\r\n")).status, 401);
  EXPECT_EQ(ask(get("/v2/obscura/keys", only_keys + only_keys)).status, 401);
  EXPECT_EQ(ask(post("/v2/models/small/infer", std::string(100'000, 'x'))).status, 401);
}

TEST_F(Rest, WhatThereIsNotAndCannotBe) {
  EXPECT_EQ(ask(get("/nothing")).status, 404);
  EXPECT_EQ(ask(get("/v2/models/other", token_)).status, 404);
  EXPECT_EQ(ask(get("/v2/models/small/versions/0", token_)).status, 404);
  EXPECT_EQ(ask(get("/v2/models/other/ready")).status, 404);
  EXPECT_EQ(ask(post("/v2/obscura/galleries/none/scores", "x", token_)).status, 404);
  const RawReply wrong = ask(get("/v2/models/small/infer", token_));
  EXPECT_EQ(wrong.status, 405);
  EXPECT_EQ(wrong.headers.at("allow"), "POST");
  EXPECT_EQ(ask(get("/v2/obscura/keys/nohash", token_)).status, 400);
  EXPECT_EQ(ask(post("/v2/models/small/infer", "no JSON", token_)).status, 400);
  EXPECT_EQ(ask("POST /v2/models/small/infer HTTP/1.1\r\nHost: t\r\n" + token_ + "\r\n").status, 411);
  EXPECT_EQ(ask("POST /v2/models/small/infer HTTP/1.1\r\nHost: t\r\nContent-Length: 999999999999\r\n" + token_ + "\r\n")
                .status,
            413);
  for (const std::string path : {"/nothing", "/v2/models/other"}) {
    const Json error = json_of(ask(get(path, token_)));
    EXPECT_EQ(error["code"], "not_found");
    EXPECT_TRUE(error["error"].is_string());
  }
}

TEST_F(Rest, AnswersQueriesInThreeForms) {
  Customer customer(*service_, "small");
  const Bytes file = customer.query(5);
  const std::string query(file.begin(), file.end());
  const auto raw = [&] {
    return ask(post("/v2/models/small/infer", query,
                    token_ + "Inference-Header-Content-Length: 0\r\nAccept: application/octet-stream\r\n"));
  };
  const RawReply unknown = raw();
  EXPECT_EQ(unknown.status, 424);
  EXPECT_EQ(json_of(unknown)["code"], "keys_unknown");
  EXPECT_TRUE(json_of(unknown).contains("key_id"));
  upload(customer);

  const RawReply bare = raw();
  ASSERT_EQ(bare.status, 200) << bare.body;
  const auto logits = customer.read({bare.body.begin(), bare.body.end()});
  EXPECT_FALSE(logits.empty());
  EXPECT_EQ(bare.headers.at("server-timing").rfind("server;dur=", 0), 0U) << "what of the time is the server's";

  std::string length(4, '\0');
  for (std::size_t i = 0; i < 4; ++i) length[i] = static_cast<char>(query.size() >> (8 * i));
  const std::string json =
      "{\"id\":\"q1\",\"parameters\":{\"binary_data_output\":true},\"inputs\":[{\"name\":\"query\","
      "\"shape\":[1],\"datatype\":\"BYTES\",\"parameters\":{\"binary_data_size\":" +
      std::to_string(query.size() + 4) + "}}]}";
  const RawReply binary =
      ask(post("/v2/models/small/infer", json + length + query,
               token_ + "Inference-Header-Content-Length: " + std::to_string(json.size()) + "\r\n"));
  ASSERT_EQ(binary.status, 200) << binary.body;
  const std::size_t head = std::stoul(binary.headers.at("inference-header-content-length"));
  const Json said = Json::parse(binary.body.substr(0, head));
  EXPECT_EQ(said["id"], "q1");
  EXPECT_EQ(said["outputs"][0]["parameters"]["binary_data_size"], binary.body.size() - head);
  EXPECT_EQ(customer.read({binary.body.begin() + static_cast<std::ptrdiff_t>(head) + 4, binary.body.end()}), logits);

  const Json text = {{"inputs",
                      {{{"name", "query"},
                        {"shape", {1}},
                        {"datatype", "BYTES"},
                        {"parameters", {{"content_type", "base64"}}},
                        {"data", {to_base64(file)}}}}}};
  const RawReply plain = ask(post("/v2/models/small/infer", dump(text), token_));
  ASSERT_EQ(plain.status, 200) << plain.body;
  const auto answer = from_base64(json_of(plain)["outputs"][0]["data"][0].get<std::string>());
  ASSERT_TRUE(answer);
  EXPECT_EQ(customer.read(*answer), logits);

  const Json wrong = {{"inputs", text["inputs"]}, {"outputs", {{{"name", "logits"}}}}};
  EXPECT_EQ(ask(post("/v2/models/small/infer", dump(wrong), token_)).status, 400);
}

TEST_F(Rest, TakesKeysAndShowsThemToWhoSentThem) {
  const Customer customer(*service_, "small");
  const std::string path = "/v2/obscura/keys/" + customer.hash;
  EXPECT_EQ(json_of(ask(get(path, token_)))["state"], "absent");
  const std::string start(customer.keys.begin(), customer.keys.begin() + 1000);
  const std::string total = "/" + std::to_string(customer.keys.size()) + "\r\n";
  EXPECT_EQ(ask(put(path, start, token_ + "Content-Range: bytes 0-999" + total)).status, 202);
  const RawReply gap = ask(put(path, start, token_ + "Content-Range: bytes 5000-5999" + total));
  EXPECT_EQ(gap.status, 409);
  EXPECT_EQ(json_of(gap)["bytes"], "1000");
  for (const char* range : {"bytes 0-998", "bytes 9-5", "nonsense"}) {
    EXPECT_EQ(ask(put(path, start, token_ + "Content-Range: " + range + total)).status, 400) << range;
  }
  EXPECT_EQ(ask(with_method(get(path, token_), "HEAD"), true).status, 200);
  upload(customer);
  const Json ready = json_of(ask(get(path, token_)));
  EXPECT_EQ(ready["state"], "ready");
  EXPECT_EQ(ready["models"], Json({"small"}));
  EXPECT_GT(ready["expires"], ready["created"]);

  const std::string other = bearer(place_.token("bob"));
  EXPECT_EQ(json_of(ask(get(path, other)))["state"], "absent");
  EXPECT_EQ(ask(with_method(get(path, other), "DELETE")).status, 404);
  EXPECT_EQ(json_of(ask(get("/v2/obscura/keys", other)))["keys"].size(), 0u);
  EXPECT_EQ(json_of(ask(get("/v2/obscura/keys", token_)))["keys"].size(), 1u);
  EXPECT_EQ(json_of(ask(with_method(get(path, token_), "DELETE")))["deleted"], customer.hash);
  EXPECT_EQ(json_of(ask(get(path, token_)))["state"], "absent");
}

TEST_F(Rest, LogsCallsAndNothingOfTheirContents) {
  ask(get("/v2/models/small", token_));
  ask(post("/v2/models/small/infer", "{\"id\":\"my secret\"}", token_));
  ask(get("/my%20secret/\xc3\xa4"));
  ask("GET /bad\x01path HTTP/1.1\r\nHost: t\r\n\r\n");
  front_->stop(std::chrono::milliseconds(0));
  ASSERT_EQ(lines_.size(), 4u) << log();
  const Json first = Json::parse(lines_[0]);
  EXPECT_EQ(first["call"], "models");
  EXPECT_EQ(first["tenant"], "alice");
  EXPECT_EQ(first["status"], 200);
  EXPECT_EQ(first["code"], "ok");
  const Json second = Json::parse(lines_[1]);
  EXPECT_EQ(second["model"], "small");
  EXPECT_EQ(second["code"], "bad_request");
  EXPECT_EQ(second["received"], 18);
  EXPECT_EQ(Json::parse(lines_[3])["status"], 400);
  EXPECT_EQ(log().find("secret"), std::string::npos);
  EXPECT_EQ(log().find("obs_"), std::string::npos);
}

TEST_F(Rest, StopsWhileQueriesRun) {
  Customer customer(*service_, "small");
  upload(customer);
  const Bytes file = customer.query(5);
  const std::string query(file.begin(), file.end());
  RawClient asks(front_->port());
  asks.send(post("/v2/models/small/infer", query, token_ + "Inference-Header-Content-Length: 0\r\n"));
  front_->stop(std::chrono::minutes(1));
  service_->stop(0);
  // Whether it was taken before the end or not, it has a result, or the connection ends.
  const int status = asks.reply().status;
  EXPECT_TRUE(status == 200 || status == 503 || status == 0) << status;
  EXPECT_THROW(RawClient(front_->port()), std::runtime_error);
}

}  // namespace
}  // namespace obscura::serve
