#include "study/audit/toy_demonstration.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <vector>

#include "audit/randomness/residue_bits.h"
#include "audit/randomness/verdict.h"
#include "base/stopwatch.h"
#include "report/text.h"

namespace obscura::study {
namespace {

using security::ToyRing;

constexpr std::size_t kBits = 1'000'000;

void append(randomness::BitSequence& bits, const ToyRing& ring, const ToyRing::Residues& a) {
  for (std::size_t i = 0; i < ToyRing::kPrimes; ++i) {
    for (const std::uint64_t x : a[i]) randomness::append_residue(bits, x, ring.primes()[i].value());
  }
}

security::ToyMessage some_message() {
  return {12, 200, 255, 0, 31, 7, 99, 128};
}

/// Ciphertexts of one message again and again.
void test_ciphertexts(ToyDemonstration& toy, const ToyRing& ring) {
  randomness::BitSequence bits;
  while (bits.size() < kBits) {
    const auto ciphertext = toy_encrypt_by_owner(ring, toy.secret, toy.message, ring::random_seed());
    append(bits, ring, ciphertext.c0);
    append(bits, ring, ciphertext.c1);
    ++toy.ciphertexts;
  }
  const auto tests = randomness::all_tests();
  const auto outcomes = randomness::run_tests(tests, bits.take(kBits));
  toy.bits = kBits;
  std::vector<std::vector<double>> p(outcomes.size());
  for (std::size_t v = 0; v < outcomes.size(); ++v) {
    if (!outcomes[v].p) continue;
    p[v].push_back(*outcomes[v].p);
    ++toy.p_values;
    if (*outcomes[v].p >= toy.alpha) ++toy.above;
  }
  toy.looks_random = randomness::judge(randomness::variants_of(tests), p, toy.alpha).looks_random();
}

std::string text_of(const ToyRing::Small& secret) {
  return fmt::format("({})", fmt::join(std::vector<int>(secret.begin(), secret.end()), " "));
}

}  // namespace

ToyDemonstration demonstrate_toy(const Notes& note) {
  const ToyRing ring;
  const auto keys = toy_keys(ring, ring::random_seed());
  ToyDemonstration toy;
  toy.log_q = ring.log_q();
  toy.secret = keys.secret;
  toy.message = some_message();
  note("the toy's ciphertexts go through the fifteen tests of SP 800-22, some seconds");
  test_ciphertexts(toy, ring);

  Stopwatch watch;
  toy.recovered = security::recover_secret(ring, keys.open);
  toy.seconds = watch.seconds();
  if (toy.recovered) {
    const auto ciphertext = toy_encrypt(ring, keys.open, toy.message, ring::random_seed());
    toy.read = toy_decrypt(ring, *toy.recovered, ciphertext);
  }
  const ring::Seed seed = ring::random_seed();
  toy.random_has_none =
      !security::recover_secret(ring, {ring.uniform(seed, 0), ring.uniform(seed, ToyRing::kPrimes)}).has_value();
  return toy;
}

std::string toy_text(const ToyDemonstration& toy) {
  std::string text = fmt::format(
      "{} ciphertexts of degree {} and {:.0f} bits: {} of {} p-values of the fifteen tests of SP 800-22 are {:g} or "
      "more. They {}.\n",
      toy.ciphertexts, ToyRing::kDegree, toy.log_q, toy.above, toy.p_values, toy.alpha,
      toy.looks_random ? "look random" : "do NOT look random, as one draw in a thousand may");
  if (!toy.recovered) return text + "A lattice reduction did NOT find the key.\n";
  text += fmt::format(
      "A lattice reduction of 17 dimensions found the secret key in {} from the public key alone: {}, {}.\n",
      report::duration_text(toy.seconds), text_of(*toy.recovered),
      toy.equal() ? "equal to the owner's" : "NOT EQUAL to the owner's");
  return text + fmt::format("With it {} was read where {} had been encrypted. Where b is random it {}.\n",
                            fmt::join(toy.read, " "), fmt::join(toy.message, " "),
                            toy.random_has_none ? "finds nothing" : "FOUND SOMETHING");
}

}  // namespace obscura::study
