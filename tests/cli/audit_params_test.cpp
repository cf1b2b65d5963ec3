#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "cli/support.h"

namespace obscura::cli {
namespace {

using testing::HasSubstr;

Result params(std::vector<std::string> more) {
  std::vector<std::string> words = {"audit", "params"};
  words.insert(words.end(), more.begin(), more.end());
  return obscura(words);
}

void expect_refusal(const std::vector<std::string>& words, int status, const std::string& problem) {
  const Result result = params(words);
  EXPECT_EQ(result.status, status) << problem;
  EXPECT_EQ(result.errors(), 1U) << result.err;
  EXPECT_EQ(result.out, "");
  EXPECT_THAT(result.err, HasSubstr(problem));
}

TEST(AuditParams, SaysYesAtTheLimitAndNoAboveIt) {
  const auto at = params({"--log-n", "13", "--log-qp", "214", "--json"}).json();
  EXPECT_EQ(at.at("meets_128"), true);
  const auto& set = at.at("sets").at(0);
  EXPECT_NEAR(set.at("bits").get<double>(), 128, 1);
  EXPECT_EQ(set.at("tables").size(), 4U);
  EXPECT_EQ(set.at("attacks").size(), 24U);
  const auto above = params({"--log-n", "13", "--log-qp", "215", "--json"}).json();
  EXPECT_EQ(above.at("meets_128"), false);
  EXPECT_THAT(params({"--log-n", "13", "--log-qp", "215"}).out, HasSubstr("At least 128 bits: NO"));
}

TEST(AuditParams, EverySetThatTheProgramUsesByItselfHas128Bits) {
  const auto own = params({"--json"}).json();
  EXPECT_GE(own.at("sets").size(), 5U);
  EXPECT_EQ(own.at("meets_128"), true);
  for (const auto& set : own.at("sets")) EXPECT_GE(set.at("bits").get<double>(), 128) << set.at("name");
}

TEST(AuditParams, ANetworkAndItsClientHaveTheSameParameters) {
  const TemporaryFolder folder;
  const std::string network = OBSCURA_SOURCE_DIR "/models/tenseal-mnist.onnx";
  ASSERT_EQ(obscura({"compile", network, "--out", folder / "net"}).status, 0);
  const auto of_network = params({"--network", network, "--json"}).json().at("sets").at(0);
  for (const char* client : {"net", "net/client.spec"}) {
    const auto of_client = params({"--client", folder / client, "--json"}).json().at("sets").at(0);
    for (const char* key : {"log_n", "log_qp", "bits", "secret"}) EXPECT_EQ(of_client.at(key), of_network.at(key));
    EXPECT_EQ(of_client.at("meets_128"), true);
  }
}

TEST(AuditParams, ASparseSecretHasNoTableButAttacks) {
  const Result result = params({"--log-n", "15", "--log-qp", "767", "--secret", "sparse:192"});
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("it has no sparse secrets"));
  EXPECT_THAT(result.out, HasSubstr("hybrid-mitm"));
}

TEST(AuditParams, TheToysKeyIsFound) {
  const TemporaryFolder folder;
  const Result result = params({"--toy", "--json", "--html", folder / "toy.html"});
  ASSERT_EQ(result.status, 0) << result.err;
  const auto toy = result.json().at("toy");
  EXPECT_EQ(toy.at("key_recovered"), true);
  EXPECT_EQ(toy.at("read"), toy.at("encrypted"));
  EXPECT_EQ(toy.at("nothing_in_random"), true);
  EXPECT_GE(toy.at("p_values").get<int>(), 150);
  EXPECT_THAT(text_of(folder / "toy.html"), HasSubstr("equal to the owner"));
}

TEST(AuditParams, RefusesWhatSaysTwoThingsOrHalfOfOne) {
  expect_refusal({"--log-n", "13"}, 2, "belong together");
  expect_refusal({"--log-n", "13", "--log-qp", "200", "--network", "net.onnx"}, 2, "give one of them");
  expect_refusal({"--sigma", "3"}, 2, "--sigma is for --log-n and --log-qp");
  expect_refusal({"--mode", "batched"}, 2, "--mode is for --network");
  expect_refusal({"--log-n", "13", "--log-qp", "200", "--secret", "binary"}, 2, "none of ternary");
  expect_refusal({"--log-n", "13", "--log-qp", "200", "--secret", "sparse:9000"}, 1, "cannot have 9000");
  expect_refusal({"--log-n", "13", "--log-qp", "200", "--sigma", "-1"}, 1, "standard deviation");
  expect_refusal({"--client", "nowhere.spec"}, 1, "nowhere.spec");
}

}  // namespace
}  // namespace obscura::cli
