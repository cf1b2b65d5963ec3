// The noise that is derived from parameters and plans against that of real answers.
#include <gtest/gtest.h>

#include <cmath>

#include "compile/failure.h"
#include "compile/magnitudes.h"
#include "compile/networks.h"
#include "compile/stages.h"
#include "nn/reference.h"
#include "owner/owner.h"
#include "runtime/answer.h"
#include "secret/decryptor.h"

namespace obscura::owner {
namespace {

using message::Mode;

/// Mean square. The part that depends on the key is all that imaginary parts hold.
double strays(const Owner& owner, const program::Program& program, std::uint64_t seed) {
  const auto runner = runtime::make_runner(program);
  const auto keys = std::make_shared<const ckks::EvaluationKeys>(*runner->context(), owner.evaluation_keys());
  const auto query = owner.encrypt(networks::images(1, owner.client().input.size(), seed));
  const auto answer = runtime::answer_query(*runner, keys, query);
  const ckks::Decryptor decryptor(owner.key());
  double squares = 0, count = 0;
  for (const auto& reply : answer.ciphertexts) {
    for (const double v : decryptor.open(reply).imaginary) squares += v * v, ++count;
  }
  return program.client.output_factor * program.client.output_factor * squares / count;
}

/// Over keys: a reply has few slots, and how large the key is at their roots is drawn once a key.
double strays_of_keys(const program::Program& program, std::size_t keys) {
  double squares = 0;
  for (std::size_t k = 0; k < keys; ++k) squares += strays(Owner(program.client), program, 5 + k);
  return std::sqrt(squares / static_cast<double>(keys));
}

TEST(DerivedNoise, IsNotLessThanWhatAnswersHave) {
  for (const bool deep : {false, true}) {
    const auto graph = deep ? networks::tutorial(3) : networks::dense(41, {1, 6, 6}, 8, 5);
    for (const Mode mode : {Mode::packed, Mode::batched}) {
      compile::CompileOptions options;
      options.mode = mode;
      const auto program = compile::compile(graph, options);
      const auto magnitudes = compile::magnitudes_of(graph, compile::network_of(graph), {});
      const double derived = compile::derived_noise(program, magnitudes);
      const double seen = strays_of_keys(program, deep ? 2 : 16);
      // Where the reply's rounding is most of it, the derived figure is what is there on average.
      EXPECT_LT(seen, 1.4 * derived) << deep << (mode == Mode::packed ? " packed" : " batched");
      EXPECT_GT(seen, derived / 50) << deep << (mode == Mode::packed ? " packed" : " batched");
      RecordProperty(std::string(deep ? "deep" : "dense") + (mode == Mode::packed ? "_packed" : "_batched"),
                     std::to_string(seen / derived));
    }
  }
}

}  // namespace
}  // namespace obscura::owner
