// The attack of Li and Micciancio (ePrint 2020/1533) on decryptions that are shown: whoever has a ciphertext and its
// exact decryption knows c_0 + c_1 s, and a division away is s.
#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <cstdint>
#include <vector>

#include "ckks/support.h"
#include "secret/decryptor.h"
#include "secret/encryptor.h"
#include "secret/secret_key.h"

namespace obscura::ckks {
namespace {

using testing::random_complex;
using testing::small_context;

constexpr double kScale = 0x1p30;
__extension__ using Wide = unsigned __int128;

std::uint64_t inverse_mod(std::uint64_t a, std::uint64_t q) {
  std::uint64_t result = 1;
  for (std::uint64_t e = q - 2; e != 0; e >>= 1) {
    if (e & 1) result = static_cast<std::uint64_t>(static_cast<Wide>(result) * a % q);
    a = static_cast<std::uint64_t>(static_cast<Wide>(a) * a % q);
  }
  return result;
}

/// (p - c_0) / c_1 modulo q[0], p the shown slots put back into a polynomial: the key's coefficients, if they were
/// exact. Knows nothing but the ciphertext, what was shown and the parameters.
std::vector<std::int64_t> solve(const Context& context, const Encoder& encoder, const Ciphertext& ciphertext,
                                const std::vector<std::complex<double>>& shown) {
  const auto& ring = context.q(0);
  const std::uint64_t q = ring.value();
  Plaintext p = encoder.encode(shown, ciphertext.scale, 1);
  std::uint64_t* s = p.poly.limb(0);
  ring.sub(s, s, ciphertext.parts[0].limb(0));
  for (std::size_t i = 0; i < context.degree(); ++i) {
    const std::uint64_t c1 = ciphertext.parts[1].limb(0)[i];
    EXPECT_NE(c1, 0U);
    s[i] = static_cast<std::uint64_t>(static_cast<Wide>(s[i]) * inverse_mod(c1, q) % q);
  }
  ring.inverse(s);
  std::vector<std::int64_t> key(context.degree());
  for (std::size_t i = 0; i < key.size(); ++i) {
    key[i] = static_cast<std::int64_t>(s[i]) - (s[i] > q / 2 ? static_cast<std::int64_t>(q) : 0);
  }
  return key;
}

class KeyRecovery : public ::testing::Test {
 protected:
  Ciphertext encrypted(std::uint64_t image) const {
    const Plaintext plaintext = encoder_.encode(random_complex(context_->slots(), image), kScale, 1);
    return expand(*context_, encryptor_.encrypt(plaintext));
  }

  /// Coefficients that the attack finds, of all, from one result that leaves the decryptor like this.
  std::size_t recovered(const DecryptOptions& options, std::uint64_t image) const {
    const auto ciphertext = encrypted(image);
    const auto guess = solve(*context_, encoder_, ciphertext, decryptor_.decrypt(ciphertext, options));
    std::size_t right = 0;
    for (std::size_t i = 0; i < guess.size(); ++i) right += guess[i] == key_.coefficients()[i] ? 1 : 0;
    return right;
  }

  ContextPtr context_ = small_context();
  Encoder encoder_{context_};
  SecretKey key_{context_, ring::Seed{7}};
  SecretEncryptor encryptor_{key_};
  Decryptor decryptor_{key_};
};

TEST_F(KeyRecovery, OneExactDecryptionIsTheKey) {
  for (std::uint64_t image = 0; image < 4; ++image) EXPECT_EQ(recovered({64, 0, 30}, image), context_->degree());
}

// Wrong in one coefficient, p is wrong everywhere once divided: what is right then is right by chance, 1 in q.
TEST_F(KeyRecovery, TheNoiseOfTheDefaultHidesIt) {
  for (std::uint64_t image = 0; image < 16; ++image) EXPECT_LE(recovered({}, image), 1U) << image;
}

TEST_F(KeyRecovery, FloodingHidesIt) {
  for (const std::uint64_t shared : {1U, 128U}) {
    for (std::uint64_t image = 0; image < 8; ++image) {
      EXPECT_LE(recovered({-1, shared, 30}, image), 1U) << shared << ", " << image;
    }
  }
}

// Whoever could have the same answer decrypted again and again would average away what is added.
TEST_F(KeyRecovery, TheSameAnswerAveragesNothing) {
  const auto ciphertext = encrypted(3);
  const auto first = decryptor_.decrypt(ciphertext), again = decryptor_.decrypt(ciphertext);
  EXPECT_EQ(first, again);
}

}  // namespace
}  // namespace obscura::ckks
