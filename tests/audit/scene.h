#pragma once

#include <memory>
#include <string>
#include <utility>

#include "audit/attack.h"
#include "audit/made_scenes.h"
#include "audit/scene/controls.h"
#include "audit/scene/drawn_images.h"
#include "shield/key.h"

/// Scenes on drawn images: no data set is needed.
namespace obscura::audit {

inline shield::Parameters parameters_of(const std::string& name, std::size_t block = 0, std::size_t hidden = 0) {
  shield::Parameters p;
  p.shield = name;
  p.block = block;
  p.hidden = hidden;
  const bool real = name == "hill" || shield::is_encoder(name);
  p.arithmetic = real ? shield::Arithmetic::real : shield::Arithmetic::modular;
  return shield::complete(p);
}

struct Wanted {
  shield::Parameters parameters;
  std::size_t images = 20;
  std::size_t known = 4;
  std::size_t publics = 50;
  std::size_t side = 16;
  bool per_image = false;
  bool control = false;
  bool natural = false;  ///< scenes() in the place of drawn images: colours are less alike
};

inline shield::Seed victim_seed(std::uint64_t n) {
  const std::array<std::uint64_t, 1> number{n};
  return shield::derive({}, "tests of attacks", number);
}

inline Scene scene_of(const Wanted& w) {
  const std::shared_ptr<const shield::Shield> shield = shield::make_shield(w.parameters, victim_seed(0));
  Oracle oracle = [shield](const image::Image& image) { return shield->protect(image); };
  if (w.per_image) {
    oracle = [p = w.parameters, n = std::make_shared<std::uint64_t>(0)](const image::Image& image) {
      return shield::make_shield(p, victim_seed(++*n))->protect(image);
    };
  }
  if (w.control) {
    oracle = [shield, inner = control(*shield, chacha20(victim_seed(9)))](const image::Image& image) {
      return inner(image);
    };
  }
  const std::size_t all = w.images + w.known;
  const image::Dataset drawn = w.natural ? scenes(all, 3, w.side, 5) : drawn_images(all, w.side, w.side, 5);
  std::vector<image::Image> images;
  for (std::size_t n = 0; n < drawn.count; ++n) images.push_back(drawn.image(n));
  Scene out = make_scene(*shield, oracle, images, w.known, drawn_images(w.publics, w.side, w.side, 6));
  out.quick = true;
  out.per_image = w.per_image;
  return out;
}

}  // namespace obscura::audit
