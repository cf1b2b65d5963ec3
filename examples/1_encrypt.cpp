// Chapter 1: numbers encrypted and decrypted.
//
// CKKS (Cheon, Kim, Kim, Song, 2017) encrypts a vector of real numbers, approximately: what comes back is off by a
// little noise, and that noise is part of what makes it secure. One ciphertext holds N / 2 numbers, in its slots.
#include <obscura/ckks.h>

#include <cmath>
#include <cstdio>
#include <vector>

using namespace obscura;

int main() {
  // A ring of degree N = 2^12 and one prime of 40 bits; the second list is for key switching, which chapter 2 is about.
  // Obscura refuses what is below 128 bits of security.
  const auto parameters = ckks::make_parameters(12, {40}, {40});
  const auto context = ckks::Context::create(parameters);
  std::printf("%s\n", ckks::describe(parameters).c_str());

  // The key never leaves its owner. Its randomness comes from the operating system.
  const ckks::SecretKey key(context);

  // Encoding multiplies the numbers by the scale and rounds: 2^25 keeps 25 bits behind the point, minus the noise.
  const double scale = 0x1p25;
  const std::size_t limbs = 1;  // how many primes of the chain: the level
  const ckks::Encoder encoder(context);
  const std::vector<double> secret = {3.14159, -2.71828, 42.0, 0.0};
  const ckks::SeededCiphertext sealed = ckks::SecretEncryptor(key).encrypt(encoder, secret, scale, limbs);

  // What travels: half of a fresh ciphertext is a seed of 32 bytes.
  const auto file = ckks::write_seeded_ciphertext(*context, sealed);
  std::printf("%zu numbers in %zu slots, %zu bytes\n", secret.size(), context->slots(), file.size());

  // Whoever grows the seed back has a ciphertext to compute with; whoever has the key reads it.
  const ckks::Ciphertext ciphertext = ckks::expand(*context, sealed);
  const std::vector<double> read = ckks::Decryptor(key).decrypt_real(ciphertext);
  double worst = 0;
  for (std::size_t i = 0; i < secret.size(); ++i) {
    std::printf("  %10.5f -> %12.7f\n", secret[i], read[i]);
    worst = std::max(worst, std::abs(read[i] - secret[i]));
  }
  std::printf("largest error %.1e\n", worst);

  // With any other key it is noise.
  const ckks::SecretKey other(context);
  std::printf("with another key: %.3g, %.3g, ...\n", ckks::Decryptor(other).decrypt_real(ciphertext)[0],
              ckks::Decryptor(other).decrypt_real(ciphertext)[1]);
  return worst < 1e-3 ? 0 : 1;
}
