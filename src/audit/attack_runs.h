#pragma once

#include <optional>
#include <string>
#include <vector>

#include "audit/attack.h"

/// Internal to src/audit: each attack on a scene.
namespace obscura::audit {

/// What an attack brings home.
struct Loot {
  std::vector<image::Image> images;  ///< of the first victims; empty where it recovers none
  std::vector<Figure> figures;
  std::optional<double> success;  ///< where it is not the share of images identified
  std::string success_of;
  double chance = 0;
  std::size_t each = 1;       ///< how many an image has of what is counted
  bool all_alike = false;     ///< what is counted came out right or wrong in all images at once
  std::string claim;          ///< what the attack says of itself, without the truth; empty: nothing
  bool any_symmetry = false;  ///< images are scored in their best position
  std::size_t known_pairs = 0;
  std::size_t chosen = 0;
  bool uses_publics = false;
};

Loot run_blind(const Scene& scene);
Loot run_statistics(const Scene& scene);
Loot run_known_blocks(const Scene& scene);
Loot run_known_images(const Scene& scene);
Loot run_chosen_images(const Scene& scene);
Loot run_features(const Scene& scene);
Loot run_neighbours(const Scene& scene);
Loot run_jigsaw(const Scene& scene);
Loot run_ridge(const Scene& scene);
Loot run_matching(const Scene& scene);
Loot run_decoder(const Scene& scene);
Loot run_equal_patches(const Scene& scene);
Loot run_key_space(const Scene& scene);

}  // namespace obscura::audit
