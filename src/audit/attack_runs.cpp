#include "audit/attack_runs.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <numeric>

#include "audit/pairs/hill_key.h"
#include "audit/pairs/match_pairs.h"
#include "audit/pairs/pixel_guess.h"
#include "audit/pairs/ridge_decoder.h"
#include "base/error.h"
#include "shield/blocks.h"
#include "shield/neuracrypt.h"
#include "shield/random.h"

namespace obscura::audit {
namespace {

constexpr std::size_t kMatched = 100;  ///< pairs, as in the published attack

const image::Image& bytes_of(const shield::Protected& cipher) {
  if (const auto* bytes = std::get_if<image::Image>(&cipher.picture)) return *bytes;
  throw MismatchError("a protected picture has real samples where bytes are expected");
}

void require_known(const Scene& scene, std::size_t least) {
  if (scene.known.size() >= least) return;
  throw ParameterError("this attack needs " + std::to_string(least) + " known pairs or more (--known)");
}

template <typename Keys>
Loot with_hill_keys(const Scene& scene, const Keys& keys) {
  Loot out;
  out.known_pairs = scene.known.size();
  const std::size_t block = scene.parameters.block;
  for (const auto& cipher : scene.ciphers) out.images.push_back(recover(keys, block, cipher));
  double residual = 0;
  std::size_t rank = block * block;
  for (const auto& key : keys) {
    residual = std::max(residual, key.residual);
    rank = std::min(rank, key.rank);
  }
  out.figures = {{"blocks needed", static_cast<double>(block * block)},
                 {"blocks known", static_cast<double>(keys.front().blocks)},
                 {"rank", static_cast<double>(rank)},
                 {"residual", residual}};
  return out;
}

Loot with_half_bytes(const Scene& scene, const NibbleKey& key) {
  Loot out;
  for (const auto& cipher : scene.ciphers) out.images.push_back(recover(key, cipher));
  const auto all = static_cast<double>(key.source.size());
  out.figures = {
      {"half-bytes", all}, {"ambiguous", static_cast<double>(key.ambiguous)}, {"lost", static_cast<double>(key.lost)}};
  return out;
}

/// With the truth at hand: of the 48 colours that the whole may come out in, the nearest.
image::Image nearest_colours(const image::Image& guess, const image::Image& original) {
  image::Image best = guess;
  double most = -1e9;
  for (const auto& order : shield::kColourOrders) {
    for (unsigned negative = 0; negative < 8; ++negative) {
      image::Image form = guess;
      for (std::size_t i = 0; i < form.pixels.size(); ++i) {
        const std::uint8_t v = guess.pixels[i / 3 * 3 + order[i % 3]];
        form.pixels[i] = (negative >> (i % 3) & 1) != 0 ? static_cast<std::uint8_t>(255 - v) : v;
      }
      const double likeness = psnr(form, original);
      if (likeness <= most) continue;
      most = likeness;
      best = std::move(form);
    }
  }
  return best;
}

shield::RealImage as_real(const shield::Picture& picture) {
  if (const auto* real = std::get_if<shield::RealImage>(&picture)) return *real;
  const image::Image& bytes = std::get<image::Image>(picture);
  const auto planar = image::to_planar(bytes);
  return {bytes.channels, bytes.height, bytes.width, {planar.begin(), planar.end()}};
}

}  // namespace

Loot run_blind(const Scene& scene) {
  // A key an image: each picture by itself, as many as minutes are enough for.
  const std::size_t most = scene.parameters.block == 2 ? 100 : scene.parameters.block == 3 ? 40 : 16;
  const auto ciphers = std::span(scene.ciphers)
                           .first(std::min(scene.ciphers.size(),
                                           scene.per_image ? (scene.quick ? std::max<std::size_t>(2, most / 8) : most)
                                                           : scene.ciphers.size()));
  Recovered got = scene.per_image ? match_each_blindly(scene.parameters, ciphers, {scene.seed})
                                  : match_blindly(scene.parameters, ciphers, {scene.seed});
  const auto figure = [&](const char* name) {
    const auto at =
        std::find_if(got.figures.begin(), got.figures.end(), [&](const Figure& f) { return f.name == name; });
    return at == got.figures.end() ? 0 : at->value;
  };
  Loot out;
  out.claim = figure("exact channels") == figure("channels") ? "exact" : "not exact";
  if (figure("shifted channels") > 0) out.claim += ", or the negative of it";
  out.figures = std::move(got.figures);
  if (scene.per_image) {
    const auto claimed = std::ranges::count(got.exact, true);
    out.claim = fmt::format("{} of {} exact", claimed, got.exact.size());
    // With the truth at hand, which the attack has not seen.
    double right = 0;
    for (std::size_t i = 0; i < got.images.size(); ++i) {
      right += got.exact[i] && got.images[i] == scene.originals[i] ? 1 : 0;
    }
    out.figures.push_back({"rightly called exact", right});
    if (claimed > 0) out.claim += fmt::format(", rightly of {}", right);
  }
  out.images = std::move(got.images);
  return out;
}

Loot run_statistics(const Scene& scene) {
  Recovered got = match_statistics(scene.parameters, scene.ciphers, scene.publics, {scene.seed});
  Loot out;
  out.images = std::move(got.images);
  out.figures = std::move(got.figures);
  out.any_symmetry = true;
  out.uses_publics = true;
  return out;
}

Loot run_known_blocks(const Scene& scene) {
  require_known(scene, 1);
  if (scene.parameters.arithmetic == shield::Arithmetic::real) {
    return with_hill_keys(scene, solve_real_hill(scene.parameters, scene.known, scene.known_ciphers));
  }
  return with_hill_keys(scene, solve_modular_hill(scene.parameters, scene.known, scene.known_ciphers));
}

Loot run_known_images(const Scene& scene) {
  require_known(scene, 1);
  Loot out = with_half_bytes(scene, match_half_bytes(scene.parameters, scene.known, scene.known_ciphers));
  out.known_pairs = scene.known.size();
  return out;
}

Loot run_chosen_images(const Scene& scene) {
  const NibbleKey key = choose_half_bytes(scene.parameters, scene.originals.front(), scene.oracle);
  Loot out = with_half_bytes(scene, key);
  out.chosen = key.helpers;
  return out;
}

Loot run_features(const Scene& scene) {
  Loot out;
  for (const auto& cipher : scene.ciphers) out.images.push_back(invariant_features(bytes_of(cipher)));
  return out;
}

Loot run_neighbours(const Scene& scene) {
  Loot out;
  for (std::size_t i = 0; i < scene.ciphers.size(); ++i) {
    out.images.push_back(nearest_colours(follow_neighbours(bytes_of(scene.ciphers[i])), scene.originals[i]));
  }
  return out;
}

Loot run_ridge(const Scene& scene) {
  require_known(scene, 2);
  Recovered got = decode_by_ridge(scene.parameters, scene.known, scene.known_ciphers, scene.ciphers, {scene.seed});
  Loot out;
  out.images = std::move(got.images);
  out.figures = std::move(got.figures);
  out.known_pairs = scene.known.size();
  return out;
}

Loot run_matching(const Scene& scene) {
  // The attacker gets both sides, each in an order that says nothing about the other.
  const std::array<std::uint64_t, 1> number{scene.seed};
  shield::Draws draws(shield::derive({}, "audit: order of images", number));
  const std::size_t count = std::min(scene.originals.size(), kMatched);
  const auto order = draws.permutation(count);
  std::vector<image::Image> shuffled;
  for (const std::uint32_t i : order) shuffled.push_back(scene.originals[i]);
  const PairMatch match = match_pairs(scene.parameters, std::span(scene.ciphers).first(count), shuffled, {scene.seed});
  Loot out;
  std::size_t right = 0;
  for (std::size_t i = 0; i < match.original.size(); ++i) {
    out.images.push_back(shuffled[match.original[i]]);
    right += out.images.back() == scene.originals[i] ? 1 : 0;
  }
  out.success = static_cast<double>(right) / static_cast<double>(match.original.size());
  out.success_of = "pairs matched";
  out.chance = 1 / static_cast<double>(match.original.size());
  out.figures = {{"pairs", static_cast<double>(match.original.size())}, {"residual", match.residual}};
  return out;
}

Loot run_equal_patches(const Scene& scene) {
  std::vector<shield::RealImage> pictures;
  for (const auto& cipher : scene.ciphers) pictures.push_back(as_real(cipher.picture));
  std::vector<shield::RealImage> plain;
  for (const auto& image : scene.originals) {
    plain.push_back(as_real(shield::pad(image, scene.parameters.block)));
  }
  const std::size_t patch = scene.parameters.shield == "neuracrypt" ? 1 : scene.parameters.block;
  Loot out;
  out.success = shield::equal_patch_share(pictures, patch);
  out.success_of = "patches of two pictures equal";
  out.figures = {{"of plain images", shield::equal_patch_share(plain, scene.parameters.block)}};
  return out;
}

Loot run_key_space(const Scene& scene) {
  Loot out;
  // 10^12 keys a second are 2^64.7 a year.
  const double searched = std::min(scene.key_space_bits, 256.0);
  out.figures = {{"key space bits", scene.key_space_bits},
                 {"seed bits", 256},
                 {"log2 of years at 10^12 keys a second", searched - 1 - 64.77}};
  return out;
}

}  // namespace obscura::audit
