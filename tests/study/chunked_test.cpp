// Key sizes against files that are really written; votes.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "ckks/wire.h"
#include "secret/secret_key.h"
#include "secret/wire.h"
#include "study/chunked/key_sizes.h"
#include "study/chunked/plain_run.h"

namespace obscura::study {
namespace {

/// A ring that is quick to make keys for; two chains, of one and of two primes a digit.
ckks::Parameters small_parameters(std::size_t digit_size) {
  ckks::Parameters parameters = ckks::make_parameters(
      11, {30, 26, 26}, digit_size == 1 ? std::vector<int>{31} : std::vector<int>{31, 31}, digit_size);
  parameters.insecure = true;
  return parameters;
}

TEST(KeySizes, AreThoseOfTheFiles) {
  for (const std::size_t digit_size : {1, 2}) {
    const ckks::Parameters parameters = small_parameters(digit_size);
    const auto context = ckks::Context::create(parameters);
    const ckks::SecretKey secret(context);
    EXPECT_EQ(secret_key_bytes(parameters), ckks::write_secret_key(secret).size());
    EXPECT_EQ(public_key_bytes(parameters), ckks::write_public_key(*context, ckks::make_public_key(secret)).size());
    ckks::KeyRequest request;
    request.relinearisation(2);
    request.rotation(3, 3, context->degree());
    request.rotation(-8, 1, context->degree());
    for (const auto& wanted : {request, usual_rotations(parameters), ckks::KeyRequest()}) {
      EXPECT_EQ(evaluation_key_bytes(parameters, wanted),
                ckks::write_evaluation_keys(*context, ckks::make_evaluation_keys(secret, wanted)).size());
    }
  }
}

TEST(KeySizes, GrowWithRingAndModulus) {
  const auto sizes = paper_key_sizes();
  ASSERT_EQ(sizes.size(), 7);
  for (std::size_t i = 1; i < sizes.size(); ++i) {
    EXPECT_GE(sizes[i]["log_n"], sizes[i - 1]["log_n"]);
  }
  EXPECT_NEAR(sizes[0]["log_qp"].get<double>(), 109, 0.1);
  EXPECT_NEAR(sizes[1]["log_qp"].get<double>(), 218, 0.1);
  EXPECT_NEAR(sizes[6]["log_qp"].get<double>(), 881, 0.1);
  EXPECT_EQ(sizes[0]["rotation_keys"], 22)
      << "11 powers of two both ways, 1,024 being its own inverse, and the conjugation";
}

TEST(Votes, AreCountedAndTiesGoToTheLargerSum) {
  EXPECT_EQ(vote_of({{1, 0, 0}, {0, 2, 0}, {0, 3, 0}}).winner, 1);
  EXPECT_FALSE(vote_of({{1, 0, 0}, {0, 2, 0}, {0, 3, 0}}).tie);
  const Vote tie = vote_of({{1, 0, 0}, {0, 0, 5}});
  EXPECT_TRUE(tie.tie);
  EXPECT_EQ(tie.winner, 2);
  // The class with the largest sum of all does not win without votes.
  EXPECT_EQ(vote_of({{3, 2.9F, 0}, {0, 2.9F, 3}}).winner, 0);
}

}  // namespace
}  // namespace obscura::study
