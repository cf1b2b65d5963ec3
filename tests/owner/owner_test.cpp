#include "owner/owner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/error.h"
#include "ckks/flooding.h"
#include "compile/compile.h"
#include "compile/networks.h"
#include "nn/reference.h"
#include "runtime/answer.h"
#include "support/random_graph.h"

namespace obscura::owner {
namespace {

using message::Mode;
using ::testing::HasSubstr;

program::Program program_of(Mode mode, std::size_t outputs = 5) {
  compile::CompileOptions options;
  options.mode = mode;
  return compile::compile(networks::dense(41, {1, 6, 6}, 8, outputs), options);
}

/// One answer of a server to one query of the owner.
message::Answer answered(const Owner& owner, const program::Program& program, const message::Query& query) {
  const auto runner = runtime::make_runner(program);
  const auto keys = std::make_shared<const ckks::EvaluationKeys>(*runner->context(), owner.evaluation_keys());
  return runtime::answer_query(*runner, keys, query);
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

/// What a program that was compiled for it leaves of logits that others may see.
TEST(Owner, SharedAnswersAreFloodedAndStillRead) {
  const auto graph = networks::dense(41, {1, 6, 6}, 8, 5);
  for (const Mode mode : {Mode::packed, Mode::batched}) {
    for (const std::uint64_t share : {1u, 1000u}) {
      compile::CompileOptions options;
      options.mode = mode;
      options.share = share;
      const auto program = compile::compile(graph, options);
      const Owner owner(program.client);
      const auto image = networks::images(1, 36, 4);
      const auto query = owner.encrypt(image);
      const auto answer = answered(owner, program, query);
      ckks::DecryptOptions shown;
      shown.flood_queries = share * program.client.outputs;
      const auto logits = owner.read(answer, message::ticket_of(query), shown).front().logits;
      const auto plain = nn::run_reference(graph, image.front());
      double largest = 1, worst = 0, squares = 0;
      for (std::size_t k = 0; k < plain.size(); ++k) {
        largest = std::max(largest, std::abs(plain[k]));
        worst = std::max(worst, std::abs(logits[k] - plain[k]));
        squares += (logits[k] - plain[k]) * (logits[k] - plain[k]);
      }
      // Five deviations of what is allowed, and no less noise than flooding takes.
      EXPECT_LT(worst, 5 * 0x1p-5 * largest) << share;
      const double sigma = 2 * program.client.noise * ckks::flooding_factor(shown.flood_queries);
      EXPECT_GT(std::sqrt(squares / 5), sigma / 10) << share;
    }
  }
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
  const message::Query one = packed.encrypt(networks::images(1, 36, 1)),
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
    const program::Program program = program_of(mode);
    const Owner owner(program.client);
    const message::Query query = owner.encrypt(networks::images(1, 36, 2));
    const message::Answer answer = answered(owner, program, query);
    EXPECT_EQ(owner.decryptions(), 0u);
    owner.decrypt(answer, ticket_of(query));
    EXPECT_EQ(owner.decryptions(), program.client.replies());
    ThreadPool pool(2);
    owner.decrypt(answer, ticket_of(query), &pool);
    EXPECT_EQ(owner.decryptions(), 2 * program.client.replies());
  }
}

/// Every field of an answer has one right value; whoever sends another is refused before anything is decrypted.
TEST(Owner, RefusesAnswersThatAreNotWhatThisProgramAnswers) {
  for (const Mode mode : {Mode::packed, Mode::batched}) {
    const program::Program program = program_of(mode);
    const Owner owner(program.client);
    const message::Query query = owner.encrypt(networks::images(1, 36, 2));
    const message::Answer right = answered(owner, program, query);
    const auto refused = [&](auto change, const char* said) {
      message::Answer answer = right;
      change(answer);
      EXPECT_THAT(mismatch([&] { owner.decrypt(answer, ticket_of(query)); }), HasSubstr(said));
    };
    refused([](auto& a) { a.program[0] ^= 1; }, "another network");
    refused([](auto& a) { a.key[3] ^= 1; }, "another key");
    refused([](auto& a) { a.query[3] ^= 1; }, "another query");
    refused([](auto& a) { a.images = 2; }, "2 images, expected 1");
    refused([](auto& a) { a.images = 4096; }, "4096 images, expected 1");
    refused([](auto& a) { a.images = 0; }, "0 images, expected 1");
    refused([](auto& a) { a.ciphertexts.pop_back(); }, "ciphertexts, expected");
    refused([](auto& a) { a.ciphertexts.push_back(a.ciphertexts.front()); }, "ciphertexts, expected");
    refused(
        [](auto& a) {
          a.ciphertexts.back().gap *= 2;
          a.ciphertexts.back().c0.resize(a.ciphertexts.back().c0.size() / 2);
        },
        "a gap of");
    refused([](auto& a) { --a.ciphertexts.back().bits; }, "a modulus of");
    refused([](auto& a) { a.ciphertexts.back().scale *= 1024; }, "a scale of");
    refused([](auto& a) { a.ciphertexts.back().scale /= 2; }, "a scale of");
    refused([](auto& a) { a.ciphertexts.back().scale = NAN; }, "shape");
    refused([](auto& a) { a.ciphertexts.back().c1.pop_back(); }, "shape");
    EXPECT_EQ(owner.decryptions(), 0u);
    const message::Ticket more{query.id, owner.client().images + 1};
    EXPECT_THAT(mismatch([&] { owner.decrypt(right, more); }), HasSubstr("this program takes"));
    EXPECT_NO_THROW(owner.decrypt(right, ticket_of(query)));
  }
}

/// What ids cannot tell, because whoever made it copied them: noise is seen as noise.
TEST(Owner, SeesThatAnAnswerIsNoise) {
  for (const Mode mode : {Mode::packed, Mode::batched}) {
    const program::Program program = program_of(mode);
    const Owner owner(program.client), other(program.client);
    const auto images = networks::images(1, 36, 2);
    const message::Query query = owner.encrypt(images);
    const auto failed = [&](const message::Answer& answer) {
      const auto reading = owner.read(answer, ticket_of(query)).front();
      EXPECT_EQ(reading.trust, Trust::failed);
      EXPECT_THAT(reading.reason, HasSubstr("is noise"));
      EXPECT_THAT(mismatch([&] { owner.decrypt(answer, ticket_of(query)); }), HasSubstr("is noise"));
    };
    const auto runner = runtime::make_runner(program);
    const auto run = [&](ckks::SeededEvaluationKeys seeded, message::Query asked) {
      seeded.key = asked.key = owner.key().id();
      const auto keys = std::make_shared<const ckks::EvaluationKeys>(*runner->context(), seeded);
      message::Answer answer = runtime::answer_query(*runner, keys, std::move(asked));
      answer.query = query.id;
      return answer;
    };
    const auto own = owner.evaluation_keys();
    EXPECT_EQ(owner.read(run(own, query), ticket_of(query)).front().trust, Trust::sound);
    failed(run(other.evaluation_keys(), query));
    failed(run(own, other.encrypt(images)));
    message::Query flipped = query;
    flipped.ciphertexts.front().seed[5] ^= 4;
    failed(run(own, flipped));
    auto keys = own;
    (keys.galois.empty() ? *keys.relin : keys.galois.begin()->second).seed[0] ^= 1;
    failed(run(keys, query));
    message::Answer altered = run(own, query);
    altered.ciphertexts.front().c1[7] ^= std::uint64_t{1} << (altered.ciphertexts.front().bits - 1);
    failed(altered);
  }
}

TEST(Judge, TellsSoundDoubtfulAndFailed) {
  message::ClientSpec client;
  client.noise = 0.01;
  client.logit_range = 40;  // twice the 20 that were seen
  const auto trust = [&](double largest, double stray) {
    Reading reading;
    judge(client, {largest, stray}, reading);
    EXPECT_EQ(reading.reason.empty(), reading.trust == Trust::sound);
    return reading.trust;
  };
  EXPECT_EQ(trust(39, 0.15), Trust::sound);
  EXPECT_EQ(trust(41, 0.01), Trust::doubtful);
  EXPECT_EQ(trust(161, 0.01), Trust::failed);
  EXPECT_EQ(trust(1, 0.17), Trust::doubtful);
  EXPECT_EQ(trust(1, 0.65), Trust::failed);
  EXPECT_EQ(trust(1, NAN), Trust::failed);
  EXPECT_EQ(trust(NAN, 0.01), Trust::failed);
  EXPECT_EQ(trust(INFINITY, 0.01), Trust::failed);
  client.logit_range = 0;  // unknown: what the modulus holds
  client.reply_bits = 20;
  client.reply_scale = 1024;
  EXPECT_EQ(trust(500, 0.01), Trust::sound);
  EXPECT_EQ(trust(520, 0.01), Trust::failed);
}

/// The thresholds of judge() and the noise that is added rest on this: over random networks an honest answer's strays
/// stay under 8 times the predicted noise, and the noise bound is over the error that is really there.
TEST(Owner, HonestAnswersAreSound) {
  double most = 0;
  for (std::uint64_t seed = 0; seed < 4; ++seed) {
    support::RandomGraphOptions drawn;
    drawn.blocks = 1;
    drawn.max_side = 10;
    drawn.outputs = 1 + seed % 11;
    const nn::Graph graph = support::RandomGraph(seed, drawn).draw();
    for (const Mode mode : {Mode::packed, Mode::batched}) {
      compile::CompileOptions options;
      options.mode = mode;
      const program::Program program = compile::compile(graph, options);
      const Owner owner(program.client);
      const auto images = networks::images(mode == Mode::packed ? 1 : 20, graph.input_shape().size(), seed);
      const message::Query query = owner.encrypt(images);
      const message::Answer answer = answered(owner, program, query);
      for (const auto& reading : owner.read(answer, ticket_of(query))) {
        EXPECT_EQ(reading.trust, Trust::sound) << seed << ": " << reading.reason;
      }
      const ckks::Decryptor decryptor(owner.key());
      for (const auto& c : answer.ciphertexts) {
        for (const double v : decryptor.open(c).imaginary) {
          most = std::max(most, std::abs(v) * program.client.output_factor / program.client.noise);
        }
      }
    }
  }
  EXPECT_LT(most, 8);
  RecordProperty("largest_stray_over_noise", std::to_string(most));
}

double deviation(const std::vector<std::vector<double>>& a, const std::vector<std::vector<double>>& b) {
  double squares = 0, count = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    for (std::size_t k = 0; k < a[i].size(); ++k) squares += std::pow(a[i][k] - b[i][k], 2), ++count;
  }
  return std::sqrt(squares / count);
}

/// The error of logits, and what the default and flooding add to it: measured against exact decryption.
TEST(Owner, AddsNoiseOfTheSizeOfTheErrorOrAsAsked) {
  for (const Mode mode : {Mode::packed, Mode::batched}) {
    const program::Program program = program_of(mode, 50);
    const Owner owner(program.client);
    const std::size_t images = mode == Mode::packed ? 1 : 20;
    const message::Query query = owner.encrypt(networks::images(images, 36, 3));
    const message::Answer answer = answered(owner, program, query);
    const auto decrypt = [&](const ckks::DecryptOptions& options) {
      return owner.decrypt(answer, ticket_of(query), options);
    };
    const auto plain = decrypt({64, 0, 30});
    EXPECT_EQ(deviation(plain, decrypt({64, 0, 30})), 0);
    // At least sqrt(2) times the predicted noise; its bound is at most a few times that here.
    const double by_default = deviation(plain, decrypt({40, 0, 30}));
    EXPECT_GT(by_default, 0.7 * std::sqrt(2) * 2 * program.client.noise);
    EXPECT_LT(by_default, 12 * program.client.noise);
    const double sigma = std::sqrt(12.0 * 1000) * std::exp2(5) * 2 * program.client.noise;
    const double flooded = deviation(plain, decrypt({64, 1000, 10}));
    EXPECT_GT(flooded, 0.6 * sigma);
    EXPECT_LT(flooded, 4 * sigma);
  }
}

TEST(Owner, RoundsToWhatTheErrorLeaves) {
  const program::Program program = program_of(Mode::packed);
  const Owner owner(program.client);
  const message::Query query = owner.encrypt(networks::images(1, 36, 3));
  const auto logits = owner.decrypt(answered(owner, program, query), ticket_of(query));
  // A unit of at least the error with what was added to it.
  const double unit = std::exp2(logit_precision(std::sqrt(3) * 2 * program.client.noise));
  for (const double logit : logits[0]) EXPECT_EQ(logit * unit, std::round(logit * unit));
  EXPECT_EQ(logit_precision(0x1p-10), 10);
  EXPECT_EQ(logit_precision(100), 0);
  EXPECT_EQ(logit_precision(1e-300), 40);
}

TEST(Owner, TakesOnlyTheKeyThatTheClientPartNames) {
  const program::Program program = program_of(Mode::packed);
  const Owner owner(program.client), other(program.client);
  EXPECT_EQ(owner.client().key, owner.key().id());
  EXPECT_NE(owner.client().key, other.client().key);
  EXPECT_THAT(mismatch([&] { Owner(owner.client(), ckks::SecretKey(owner.context())); }), HasSubstr("is not the one"));
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
