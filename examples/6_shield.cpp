// Chapter 6: a picture protected by a keyed transform, and the key recovered.
//
// A network can learn from pictures that a Hill cipher has mixed block by block. It looks like protection; one picture
// that an attacker knows in both forms gives the key away, and with it every other picture. Encryption (chapter 1) does
// not fall that way: know which of the two you use.
#include <obscura/attacks.h>
#include <obscura/shield.h>

#include <cstdio>
#include <vector>

using namespace obscura;

/// Soft rings with some grain: a picture with as much in it as a photograph's block needs.
image::Image drawn(std::uint32_t seed) {
  image::Image picture(3, 64, 64);
  for (std::size_t i = 0; i < picture.pixels.size(); ++i) {
    seed = seed * 1664525U + 1013904223U;
    const std::size_t y = i / 3 / 64, x = i / 3 % 64;
    picture.pixels[i] = static_cast<std::uint8_t>((x * x + y * y) / 32 % 128 + (seed >> 25));
  }
  return picture;
}

int main() {
  const shield::Key key = shield::make_key({.shield = "hill", .block = 4});
  const auto hill = shield::make_shield(key);
  std::printf("%s\n", hill->promise().c_str());

  const image::Image known = drawn(1), secret = drawn(2);
  const shield::Protected seen_known = hill->protect(known), seen_secret = hill->protect(secret);
  std::printf("protected: %.1f dB beside the original; with the key: exact %s\n",
              audit::psnr(std::get<image::Image>(seen_secret.picture), secret),
              hill->reveal(seen_secret) == secret ? "yes" : "no");

  // The attacker has one picture in both forms, and no key.
  const auto solved = audit::solve_modular_hill(hill->parameters(), std::span(&known, 1), std::span(&seen_known, 1));
  const image::Image recovered = audit::recover(solved, hill->block(), seen_secret);
  const bool exact = recovered == secret;
  std::printf("the attacker, from one known picture: %s\n", exact ? "the other one, exactly" : "not the other one");
  return exact ? 0 : 1;
}
