#include "owner/owner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/error.h"
#include "compile/networks.h"
#include "runtime/runner.h"

namespace obscura::owner {
namespace {

using compile::Mode;
using ::testing::HasSubstr;

compile::Program program_of(Mode mode, std::size_t outputs = 5) {
  compile::CompileOptions options;
  options.mode = mode;
  return compile::compile(networks::dense(41, {1, 6, 6}, 8, outputs), options);
}

/// One answer of a server to one query of the owner.
runtime::Answer answered(const Owner& owner, const compile::Program& program, const runtime::Query& query) {
  const auto runner = runtime::make_runner(program);
  const auto keys =
      std::make_shared<const ckks::EvaluationKeys>(*runner->context(), owner.evaluation_keys(program.keys));
  std::vector<ckks::Ciphertext> ciphertexts;
  for (const auto& c : query.ciphertexts) ciphertexts.push_back(ckks::expand(*runner->context(), c));
  return {query.program, query.images, runner->run(keys, ciphertexts)};
}

template <class Call>
std::string mismatch(Call call) {
  try {
    call();
  } catch (const MismatchError& e) {
    return e.what();
  }
  ADD_FAILURE() << "accepted";
  return {};
}

TEST(Owner, RefusesImagesOfAnotherSizeOrNumber) {
  const Owner packed(program_of(Mode::packed).client), batched(program_of(Mode::batched).client);
  for (const Owner* owner : {&packed, &batched}) {
    for (const std::size_t size : {0u, 35u, 37u}) {
      EXPECT_THAT(mismatch([&] { owner->encrypt(networks::images(1, size, 1)); }), HasSubstr("takes 36"));
    }
    EXPECT_THAT(mismatch([&] { owner->encrypt({}); }), HasSubstr("not 0"));
  }
  EXPECT_THAT(mismatch([&] { packed.encrypt(networks::images(2, 36, 1)); }), HasSubstr("1 to 1 images, not 2"));
  auto images = networks::images(3, 36, 1);
  images[2].pop_back();
  EXPECT_THAT(mismatch([&] { batched.encrypt(images); }), HasSubstr("35"));
  EXPECT_THAT(mismatch([&] { batched.encrypt(networks::images(batched.client().images + 1, 36, 1)); }),
              HasSubstr("images, not"));
}

TEST(Owner, EncryptsOneCiphertextOrOneAPixel) {
  const Owner packed(program_of(Mode::packed).client), batched(program_of(Mode::batched).client);
  const runtime::Query one = packed.encrypt(networks::images(1, 36, 1)),
                       many = batched.encrypt(networks::images(4, 36, 1));
  EXPECT_EQ(one.ciphertexts.size(), 1u);
  EXPECT_EQ(one.images, 1u);
  EXPECT_EQ(many.ciphertexts.size(), 36u);
  EXPECT_EQ(many.images, 4u);
  EXPECT_EQ(one.program, packed.client().program);
  // The same image is another ciphertext every time.
  EXPECT_FALSE(one.ciphertexts[0].c0 == packed.encrypt(networks::images(1, 36, 1)).ciphertexts[0].c0);
}

TEST(Owner, TakesNoKeyOfOtherParameters) {
  const Owner owner(program_of(Mode::packed).client);
  auto other = owner.client();
  other.parameters = ckks::make_parameters(13, {45, 40}, {49});
  EXPECT_THAT(mismatch([&] { Owner(other, ckks::SecretKey(owner.context())); }), HasSubstr("another network"));
}

TEST(Owner, CountsDecryptions) {
  for (const Mode mode : {Mode::packed, Mode::batched}) {
    const compile::Program program = program_of(mode);
    const Owner owner(program.client);
    const runtime::Answer answer = answered(owner, program, owner.encrypt(networks::images(1, 36, 2)));
    EXPECT_EQ(owner.decryptions(), 0u);
    owner.decrypt(answer);
    EXPECT_EQ(owner.decryptions(), program.client.replies());
    ThreadPool pool(2);
    owner.decrypt(answer, &pool);
    EXPECT_EQ(owner.decryptions(), 2 * program.client.replies());
  }
}

TEST(Owner, RefusesAnswersOfAnotherShape) {
  const compile::Program program = program_of(Mode::batched);
  const Owner owner(program.client);
  runtime::Answer answer = answered(owner, program, owner.encrypt(networks::images(1, 36, 2)));
  answer.images = owner.client().images + 1;
  EXPECT_THAT(mismatch([&] { owner.decrypt(answer); }), HasSubstr("images"));
  answer.images = 1;
  answer.ciphertexts.pop_back();
  EXPECT_THAT(mismatch([&] { owner.decrypt(answer); }), HasSubstr("4 ciphertexts, expected 5"));
  EXPECT_EQ(owner.decryptions(), 0u);
}

double deviation(const std::vector<std::vector<double>>& a, const std::vector<std::vector<double>>& b) {
  double squares = 0, count = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    for (std::size_t k = 0; k < a[i].size(); ++k) squares += std::pow(a[i][k] - b[i][k], 2), ++count;
  }
  return std::sqrt(squares / count);
}

TEST(Owner, FloodingWidensTheErrorAsAsked) {
  for (const Mode mode : {Mode::packed, Mode::batched}) {
    const compile::Program program = program_of(mode, 50);
    const Owner owner(program.client);
    const std::size_t images = mode == Mode::packed ? 1 : 20;
    const runtime::Answer answer = answered(owner, program, owner.encrypt(networks::images(images, 36, 3)));
    ckks::DecryptOptions exact, flooded;
    exact.fraction_bits = flooded.fraction_bits = 64;
    flooded.flood_queries = 1000;
    flooded.statistical_bits = 10;
    const auto plain = owner.decrypt(answer, exact);
    EXPECT_EQ(deviation(plain, owner.decrypt(answer, exact)), 0);
    const double sigma = std::sqrt(12.0 * 1000) * std::exp2(5) * program.client.logit_error;
    const double seen = deviation(plain, owner.decrypt(answer, flooded));
    EXPECT_GT(seen, 0.6 * sigma);
    EXPECT_LT(seen, 1.5 * sigma);
  }
}

TEST(Owner, RoundsToWhatThePredictedErrorJustifies) {
  const compile::Program program = program_of(Mode::packed);
  const Owner owner(program.client);
  const runtime::Answer answer = answered(owner, program, owner.encrypt(networks::images(1, 36, 3)));
  const double unit = std::exp2(logit_precision(program.client));
  const auto logits = owner.decrypt(answer);
  for (const double logit : logits[0]) EXPECT_EQ(logit * unit, std::round(logit * unit));
  compile::ClientPart client;
  client.logit_error = 0x1p-10;
  EXPECT_EQ(logit_precision(client), 11);
  client.logit_error = 100;
  EXPECT_EQ(logit_precision(client), 0);
  client.logit_error = 1e-300;
  EXPECT_EQ(logit_precision(client), 40);
}

TEST(Softmax, IsSafeForAnyLogits) {
  const auto p = softmax(std::vector<double>{0, std::log(2.0), std::log(5.0)});
  EXPECT_NEAR(p[0], 0.125, 1e-12);
  EXPECT_NEAR(p[1], 0.25, 1e-12);
  EXPECT_NEAR(p[2], 0.625, 1e-12);
  const auto far = softmax(std::vector<double>{-1e6, 1e6, 1e6});
  EXPECT_EQ(far, (std::vector<double>{0, 0.5, 0.5}));
  EXPECT_EQ(softmax(std::vector<double>{-1e300}), std::vector<double>{1});
  EXPECT_TRUE(softmax({}).empty());
}

}  // namespace
}  // namespace obscura::owner
