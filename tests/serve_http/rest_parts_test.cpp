#include <gtest/gtest.h>

#include "serve/http/content_range.h"
#include "serve/http/json_text.h"
#include "serve/http/rest_failure.h"
#include "serve/http/routes.h"
#include "serve/http/status_page.h"
#include "serve/http/target.h"

namespace obscura::serve {
namespace {

TEST(Routes, AreFound) {
  const auto found = [](const char* path) { return route_of(parse_target(path).path); };
  EXPECT_EQ(found("/")->call, RestCall::status_page);
  EXPECT_EQ(found("/status")->call, RestCall::status_page);
  EXPECT_EQ(found("/v2/")->call, RestCall::server);
  EXPECT_EQ(found("/v2/health/live")->call, RestCall::live);
  EXPECT_EQ(found("/v2/models/a/ready")->call, RestCall::model_ready);
  const auto infer = found("/v2/models/a%20b/versions/12/infer");
  EXPECT_EQ(infer->call, RestCall::infer);
  EXPECT_EQ(infer->name, "a b");
  EXPECT_EQ(infer->version, "12");
  EXPECT_EQ(found("/v2/models/infer/infer")->name, "infer");
  EXPECT_EQ(found("/v2/obscura/galleries/g/versions/3/hint")->call, RestCall::hint);
  for (const char* none : {"/x", "/v1", "/v2/x", "/v2/models/a/b", "/v2/models/a/versions", "/v2/obscura",
                           "/v2/obscura/keys/a/b", "/metrics/x", "/V2"}) {
    EXPECT_FALSE(found(none)) << none;
  }
}

TEST(Routes, SayWhatIsAllowed) {
  EXPECT_TRUE(is_allowed(RestCall::key, "DELETE"));
  EXPECT_TRUE(is_allowed(RestCall::key, "HEAD"));
  EXPECT_FALSE(is_allowed(RestCall::keys, "DELETE"));
  EXPECT_FALSE(is_allowed(RestCall::infer, "GET"));
  EXPECT_FALSE(is_allowed(RestCall::server, "GET, HEAD"));
  EXPECT_FALSE(is_allowed(RestCall::server, ""));
}

TEST(ContentRange, IsRead) {
  const auto range = parse_content_range("bytes 100-199/1000");
  ASSERT_TRUE(range);
  EXPECT_EQ(range->first, 100u);
  EXPECT_EQ(range->last, 199u);
  EXPECT_EQ(range->total, 1000u);
  for (const char* none : {"", "bytes 0-9/*", "bytes */10", "bytes 5-4/10", "bytes 0-10/10", "0-9/10", "bytes 0-9/10 ",
                           "bytes -1-9/10", "bytes 0-9/99999999999999999999999", "bytes 0-9", "items 0-9/10"}) {
    EXPECT_FALSE(parse_content_range(none)) << none;
  }
}

TEST(RestFailure, HasTheStatusOfItsCode) {
  EXPECT_EQ(http_status(FailureCode::keys_unknown), 424);
  EXPECT_EQ(http_status(FailureCode::out_of_room), 507);
  EXPECT_EQ(http_status(FailureCode::internal), 500);
  EXPECT_EQ(failure_code("conflict"), FailureCode::conflict);
  EXPECT_EQ(failure_code("no such code"), FailureCode::internal);
  Failure full(FailureCode::overloaded, "come \"later\"", {{"waiting", "9"}, {"error", "not this"}});
  full.retry_after(1200);
  const Reply reply = failure_reply(full);
  EXPECT_EQ(reply.status, 503);
  EXPECT_EQ(reply.code, "overloaded");
  const auto& body = std::get<0>(reply.body);
  const Json json = Json::parse(body.begin(), body.end());
  EXPECT_EQ(json["error"], "come \"later\"");
  EXPECT_EQ(json["code"], "overloaded");
  EXPECT_EQ(json["waiting"], "9");
  EXPECT_EQ(json["retry_after_ms"], 1200);
  const auto has = [](const Reply& of, const char* name, const char* value) {
    return std::find(of.headers.begin(), of.headers.end(), std::pair<std::string, std::string>(name, value)) !=
           of.headers.end();
  };
  EXPECT_TRUE(has(reply, "Retry-After", "2"));
  EXPECT_TRUE(
      has(failure_reply({FailureCode::unauthenticated, "who?"}), "WWW-Authenticate", "Bearer realm=\"obscura\""));
  EXPECT_TRUE(has(wrong_method("GET, HEAD"), "Allow", "GET, HEAD"));
}

StatusFacts busy_facts() {
  StatusFacts facts;
  facts.now = 1'700'000'000;
  facts.load = {93784, 1, 3, 256, 2, 1200, 7, 52'000'000, 4'000'000'000, {}};
  for (int i = 0; i < 40; ++i) {
    facts.load.latency.push_back({facts.now - 5 * i, 20, static_cast<std::uint64_t>(i % 3), 0.02 + 0.001 * i, 0.05});
  }
  facts.models.push_back({"mnist", "0123456789abcdef", "mnist-cnn", "", 4, 171'134, 13'150'000, ""});
  facts.galleries.push_back({"birds", "", 3, 50'000, {"blind-features", "blind"}, "birds.blind", 0, 0});
  return facts;
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t times = 0;
  for (std::size_t at = 0; (at = text.find(part, at)) != std::string::npos; at += part.size()) ++times;
  return times;
}

TEST(StatusPage, ShowsLoadModelsAndGalleries) {
  const std::string html = status_page(busy_facts());
  for (const char* part : {"mnist-cnn", "0123456789abcdef", "171 kB", "13.2 MB", "birds", "50000", "1 d 2 h",
                           "of 2 workers", "room for 256", "52 MB", "ready"}) {
    EXPECT_NE(html.find(part), std::string::npos) << part;
  }
  EXPECT_EQ(count(html, "<svg "), 2u);
  EXPECT_EQ(count(html, "<rect class=\"answered\""), 40u);
  EXPECT_EQ(count(html, "<script"), 0u);
  EXPECT_EQ(count(html, "http://") + count(html, "https://"), 0u);
}

TEST(StatusPage, IsRightBeforeThereIsAnything) {
  const std::string html = status_page({{}, {}, {}, false, 1'700'000'000});
  EXPECT_EQ(count(html, "no requests in the last ten minutes"), 2u);
  EXPECT_NE(html.find("stopping"), std::string::npos);
  EXPECT_EQ(html.find("nan"), std::string::npos);
  EXPECT_EQ(html.find("inf"), std::string::npos);
}

TEST(StatusPage, EscapesWhatItShows) {
  StatusFacts facts = busy_facts();
  facts.models[0].name = "<script>alert(1)</script>\"&'";
  facts.galleries[0].name = "\xff\xfe<b>";
  facts.galleries[0].modes = {"<i>"};
  const std::string html = status_page(facts);
  EXPECT_EQ(count(html, "<script"), 0u);
  EXPECT_NE(html.find("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&amp;&#39;"), std::string::npos);
  EXPECT_NE(html.find("??&lt;b&gt;"), std::string::npos);
  EXPECT_EQ(count(html, "<i>"), 0u);
}

TEST(StatusPage, LeavesOutWhatIsOlderThanTenMinutes) {
  const std::vector<LatencySample> samples{{1000, 5, 0, 0.1, 0.2}, {2000, 5, 5, 0.1, 0.2}};
  EXPECT_EQ(count(requests_plot(samples, 2000), "<rect"), 2u);
  EXPECT_EQ(count(latency_plot(samples, 2000), "<circle"), 2u);
  EXPECT_EQ(count(requests_plot(samples, 9000), "<rect"), 0u);
}

}  // namespace
}  // namespace obscura::serve
