#include "audit/match_statistics.h"

#include <algorithm>

#include "audit/match_etc.h"
#include "audit/match_hill.h"
#include "audit/match_nibbles.h"
#include "base/error.h"
#include "shield/blocks.h"

namespace obscura::audit {
namespace {

using shield::Protected;
using shield::RealImage;

RealImage to_real(const image::Image& image) {
  RealImage out{image.channels, image.height, image.width, {}};
  for (const std::uint8_t v : image::to_planar(image)) out.values.push_back(v);
  return out;
}

Recovered match_hill_pictures(const shield::Parameters& what, std::span<const Protected> ciphers,
                              const image::Dataset& publics, const MatchOptions& options) {
  std::vector<RealImage> pictures;
  for (const Protected& p : ciphers) {
    const auto* real = std::get_if<RealImage>(&p.picture);
    pictures.push_back(real != nullptr ? *real : to_real(std::get<image::Image>(p.picture)));
  }
  const HillGuess guess = match_hill(pictures, publics, what.block, options.seed);
  Recovered out;
  for (const RealImage& picture : pictures) out.images.push_back(recover(guess, picture));
  double residual = 0, exact = 0;
  for (const HillChannel& channel : guess.channels) {
    residual += channel.residual / static_cast<double>(guess.channels.size());
    exact += channel.exact ? 1 : 0;
  }
  out.figures = {{"residual", residual}, {"exact channels", exact}};
  return out;
}

std::vector<image::Image> byte_pictures(std::span<const Protected> ciphers) {
  std::vector<image::Image> out;
  for (const Protected& p : ciphers) out.push_back(std::get<image::Image>(p.picture));
  return out;
}

Recovered dispatch(const shield::Parameters& what, std::span<const Protected> ciphers, const image::Dataset& publics,
                   const MatchOptions& options) {
  if (what.shield == "hill") return match_hill_pictures(what, ciphers, publics, options);
  const std::vector<image::Image> pictures = byte_pictures(ciphers);
  if (what.shield == "le") return match_le(pictures, publics, what.block);
  if (what.shield == "etc") return match_etc(pictures, publics, what.block, options.seed);
  return match_ele(pictures, publics, what.block, options.seed);
}

void check(const shield::Parameters& what, std::span<const Protected> ciphers, const image::Dataset& publics) {
  if (ciphers.size() < 2 || publics.count < 2) {
    throw ParameterError("matching statistics needs two protected pictures and two public images at least");
  }
  for (const Protected& p : ciphers) {
    const bool real = std::holds_alternative<RealImage>(p.picture);
    if (real != (what.arithmetic == shield::Arithmetic::real)) {
      throw MismatchError("the shield " + what.shield + " makes " + (real ? "bytes" : "real samples") +
                          ", and a picture holds the other");
    }
  }
}

}  // namespace

bool can_match_statistics(const shield::Parameters& what) {
  const char* const names[] = {"hill", "le", "ele", "etc"};
  return std::find(std::begin(names), std::end(names), what.shield) != std::end(names);
}

Recovered match_statistics(const shield::Parameters& wanted, std::span<const Protected> ciphers,
                           const image::Dataset& publics, const MatchOptions& options) {
  if (!can_match_statistics(wanted)) {
    throw UnsupportedError("statistics are matched for the shields hill, le, ele and etc, not for '" + wanted.shield +
                           "'");
  }
  const shield::Parameters what = shield::complete(wanted);
  check(what, ciphers, publics);
  Recovered out = dispatch(what, ciphers, publics, options);
  for (std::size_t i = 0; i < out.images.size(); ++i) {
    out.images[i] = shield::crop(out.images[i], ciphers[i].height, ciphers[i].width);
  }
  return out;
}

}  // namespace obscura::audit
