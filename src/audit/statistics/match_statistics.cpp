#include "audit/statistics/match_statistics.h"

#include <algorithm>
#include <cmath>

#include "audit/statistics/blind_hill.h"
#include "audit/statistics/hill_blocks.h"
#include "audit/statistics/match_etc.h"
#include "audit/statistics/match_hill.h"
#include "audit/statistics/match_nibbles.h"
#include "base/error.h"
#include "base/progress.h"
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

std::vector<RealImage> real_pictures(std::span<const Protected> ciphers) {
  std::vector<RealImage> out;
  for (const Protected& p : ciphers) {
    const auto* real = std::get_if<RealImage>(&p.picture);
    out.push_back(real != nullptr ? *real : to_real(std::get<image::Image>(p.picture)));
  }
  return out;
}

/// Blocks that hold nothing but the original: padding looks the same in no other place.
RealImage without_padding(const RealImage& picture, const Protected& file, std::size_t block) {
  const std::size_t height = file.height / block * block, width = file.width / block * block;
  if (height == 0 || width == 0) return picture;
  RealImage out{picture.channels, height, width, {}};
  for (std::size_t row = 0; row < picture.channels * picture.height; ++row) {
    if (row % picture.height >= height) continue;
    const auto from = picture.values.begin() + static_cast<std::ptrdiff_t>(row * picture.width);
    out.values.insert(out.values.end(), from, from + static_cast<std::ptrdiff_t>(width));
  }
  return out;
}

Recovered recovered_by(const HillGuess& guess, std::span<const RealImage> pictures) {
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
  if (what.shield == "hill") {
    const auto real = real_pictures(ciphers);
    return recovered_by(match_hill(real, publics, what.block, options.seed), real);
  }
  const std::vector<image::Image> pictures = byte_pictures(ciphers);
  if (what.shield == "le") return match_le(pictures, publics, what.block);
  if (what.shield == "etc") return match_etc(pictures, publics, what.block, options.seed);
  if (what.shield == "etc-grayscale") return match_etc(pictures, publics, what.block, options.seed, 3);
  return match_ele(pictures, publics, what.block, options.seed);
}

/// Completed. Throws UnsupportedError for what is not found blindly.
shield::Parameters blind_parameters(const shield::Parameters& wanted) {
  if (wanted.shield != "hill") {
    throw UnsupportedError("without public images there is an attack on hill, not on '" + wanted.shield + "'");
  }
  shield::Parameters what = shield::complete(wanted);
  if (what.arithmetic == shield::Arithmetic::modular) {
    throw UnsupportedError(
        "modular hill leaves pictures no likeness and no lattice to find its key by: known blocks give it "
        "(known-blocks), real hill is found blindly");
  }
  return what;
}

/// How many parts so many blocks are cut into: two or more of two to ten blocks where that can be.
std::size_t parts_of(std::size_t blocks) {
  return blocks < 4 ? 1 : std::max<std::size_t>(2, blocks / 10);
}

/// Parts of one size, cut along blocks.
std::vector<RealImage> parts_of(const RealImage& picture, std::size_t block) {
  const std::size_t down = parts_of(picture.height / block), across = parts_of(picture.width / block);
  const std::size_t height = picture.height / block / down * block, width = picture.width / block / across * block;
  std::vector<RealImage> out;
  for (std::size_t part = 0; part < down * across; ++part) {
    const std::size_t top = part / across * height, left = part % across * width;
    RealImage one{picture.channels, height, width, {}};
    for (std::size_t row = 0; row < picture.channels * height; ++row) {
      const std::size_t y = row / height * picture.height + top + row % height;
      const auto from = picture.values.begin() + static_cast<std::ptrdiff_t>(y * picture.width + left);
      one.values.insert(one.values.end(), from, from + static_cast<std::ptrdiff_t>(width));
    }
    out.push_back(std::move(one));
  }
  return out;
}

void check(const shield::Parameters& what, std::span<const Protected> ciphers) {
  if (ciphers.size() < 2) throw ParameterError("matching statistics needs two protected pictures at least");
  for (const Protected& p : ciphers) {
    const bool real = std::holds_alternative<RealImage>(p.picture);
    if (real != (what.arithmetic == shield::Arithmetic::real)) {
      throw MismatchError("the shield " + what.shield + " makes " + (real ? "bytes" : "real samples") +
                          ", and a picture holds the other");
    }
  }
}

/// To the size of the originals.
Recovered cropped(Recovered out, std::span<const Protected> ciphers) {
  for (std::size_t i = 0; i < out.images.size(); ++i) {
    out.images[i] = shield::crop(out.images[i], ciphers[i].height, ciphers[i].width);
  }
  return out;
}

}  // namespace

bool can_match_statistics(const shield::Parameters& what) {
  const char* const names[] = {"hill", "le", "ele", "etc", "etc-grayscale"};
  return std::find(std::begin(names), std::end(names), what.shield) != std::end(names);
}

Recovered match_statistics(const shield::Parameters& wanted, std::span<const Protected> ciphers,
                           const image::Dataset& publics, const MatchOptions& options) {
  if (!can_match_statistics(wanted)) {
    throw UnsupportedError("statistics are matched for the shields hill, le, ele, etc and etc-grayscale, not for '" +
                           wanted.shield + "'");
  }
  const shield::Parameters what = shield::complete(wanted);
  check(what, ciphers);
  if (publics.count < 2) throw ParameterError("matching statistics needs two public images at least");
  return cropped(dispatch(what, ciphers, publics, options), ciphers);
}

Recovered match_blindly(const shield::Parameters& wanted, std::span<const Protected> ciphers,
                        const MatchOptions& options) {
  const shield::Parameters what = blind_parameters(wanted);
  check(what, ciphers);
  const auto real = real_pictures(ciphers);
  check_hill_pictures(real, what.block);
  std::vector<RealImage> inner;
  for (std::size_t i = 0; i < real.size(); ++i) inner.push_back(without_padding(real[i], ciphers[i], what.block));
  const HillGuess guess = blind_hill(inner, what.block, options.seed);
  Recovered out = recovered_by(guess, real);
  HillEvidence worst{0, 255, 0, 0, HUGE_VAL};
  for (const HillChannel& channel : guess.channels) {
    worst.residue = std::max(worst.residue, channel.evidence.residue);
    worst.lowest = std::min(worst.lowest, channel.evidence.lowest);
    worst.highest = std::max(worst.highest, channel.evidence.highest);
    worst.joints = std::max(worst.joints, channel.evidence.joints);
    worst.lead = std::min(worst.lead, channel.evidence.lead);
  }
  const auto shifted = std::count_if(guess.channels.begin(), guess.channels.end(), [](auto& c) { return c.shifted; });
  out.figures.insert(out.figures.end(), {{"channels", static_cast<double>(guess.channels.size())},
                                         {"shifted channels", static_cast<double>(shifted)},
                                         {"lattice residue", worst.residue},
                                         {"lowest pixel", worst.lowest},
                                         {"highest pixel", worst.highest},
                                         {"joints to inside", worst.joints},
                                         {"lead over rivals", worst.lead}});
  return cropped(std::move(out), ciphers);
}

Recovered match_each_blindly(const shield::Parameters& wanted, std::span<const Protected> ciphers,
                             const MatchOptions& options) {
  const shield::Parameters what = blind_parameters(wanted);
  check(what, ciphers);
  const auto real = real_pictures(ciphers);
  check_hill_pictures(real, what.block);
  Recovered out;
  double channels = 0;
  Progress progress("pictures by themselves", real.size(), "pictures");
  for (std::size_t i = 0; i < real.size(); ++i, progress.advance()) {
    const auto parts = parts_of(without_padding(real[i], ciphers[i], what.block), what.block);
    if (parts.size() < 2) {
      throw ParameterError("a picture by itself is attacked where it has 4 blocks or more a side, not fewer");
    }
    const HillGuess guess = blind_hill(parts, what.block, options.seed);
    const auto proven = std::count_if(guess.channels.begin(), guess.channels.end(), [](auto& c) { return c.exact; });
    channels += static_cast<double>(proven) / static_cast<double>(real.size());
    out.exact.push_back(proven == static_cast<std::ptrdiff_t>(guess.channels.size()));
    out.images.push_back(recover(guess, real[i]));
  }
  out.figures = {{"pictures", static_cast<double>(real.size())},
                 {"exact pictures", static_cast<double>(std::count(out.exact.begin(), out.exact.end(), true))},
                 {"exact channels", channels},
                 {"channels", static_cast<double>(real[0].channels)}};
  return cropped(std::move(out), ciphers);
}

}  // namespace obscura::audit
