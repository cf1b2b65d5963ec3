#pragma once

#include <cstdint>
#include <filesystem>
#include <random>
#include <string>

#include "image/dataset.h"
#include "shield/key.h"
#include "shield/random.h"
#include "support/temporary.h"

namespace obscura::train {

/// Dark and bright pictures by turn, with noise on both: learnt in an epoch or two.
inline image::Dataset tones(std::size_t count, std::uint64_t seed, std::size_t side = 16, std::size_t channels = 3) {
  image::Dataset set{"tones", {"dark", "bright"}, {}, {}, count, channels, side, side};
  std::mt19937_64 engine(seed);
  for (std::size_t n = 0; n < count; ++n) {
    const std::size_t middle = (n % 2 == 0 ? 60 : 120) + engine() % 20;
    for (std::size_t i = 0; i < set.image_size(); ++i) {
      set.images.push_back(static_cast<std::uint8_t>(middle + engine() % 60));
    }
    set.labels.push_back(static_cast<std::int64_t>(n % 2));
  }
  return set;
}

/// Key number n of the tests. Hill's is real.
inline shield::Key toy_key(const std::string& shield, std::size_t block, std::uint8_t n = 1) {
  shield::Seed seed;
  for (std::size_t i = 0; i < seed.size(); ++i) seed[i] = static_cast<std::uint8_t>(11 * i + 29 * n + 3);
  const bool real = shield == "hill" || shield::is_encoder(shield);
  return shield::key_of_seed({shield, block, real ? shield::Arithmetic::real : shield::Arithmetic::modular}, seed);
}

}  // namespace obscura::train
