#include "shield/shield.h"

#include <algorithm>
#include <array>

#include "base/error.h"
#include "shield/blocks.h"
#include "shield/compressible.h"
#include "shield/hill.h"
#include "shield/key.h"
#include "shield/neuracrypt.h"
#include "shield/nibbles.h"
#include "shield/patchwise.h"
#include "shield/pixelwise.h"

namespace obscura::shield {
namespace {

/// What is known of a shield before there is a key.
struct Scheme {
  const char* name;
  std::size_t usual_block;
  std::size_t smallest_block;
  std::size_t largest_block;
  const char* promise;
};

// Ciphertext-only attacks: any one key, many images, no plain image of the victim's. docs/shields.md says more.
constexpr std::array<Scheme, 9> kSchemes = {{
    {"hill", 4, 2, 16,
     "hides pictures from a casual viewer, not from an attacker: with one key for all images, k^2 known blocks a "
     "channel give the key, and some hundred protected images alone give it, without any plain or public "
     "one; with a key an image and blocks of 2, one image alone mostly does"},
    {"vit", 4, 2, 32,
     "hides pictures from a casual viewer, not from an attacker: with one key for all images, ten protected images "
     "alone are a jigsaw puzzle that gives it, without any plain or public one; and whoever has a network before "
     "and after it took in the key reads the key from the two"},
    {"le", 4, 2, 16,
     "hides pictures from a casual viewer, not from an attacker: with one key for all images, twenty protected images "
     "alone give it, without any plain or public one; with a key an image, one image alone mostly shows what is in it"},
    {"pe", 1, 1, 1,
     "hides pictures from a casual viewer, not from an attacker: with one key for all images, one chosen image gives "
     "the key; with a key an image, min(v, 255 - v) still shows the edges"},
    {"ele", 4, 2, 16,
     "hides pictures from a casual viewer, not from an attacker: with one key for all images, matching the statistics "
     "of a few thousand protected images gives every block's place and key without any plain one"},
    {"etc", 4, 2, 64,
     "hides pictures from a casual viewer, not from an attacker: with one key for all images, matching the statistics "
     "of a few thousand protected images gives the key; with a key an image, the blocks are a jigsaw puzzle to be "
     "solved"},
    {"etc-grayscale", 8, 2, 64,
     "hides pictures from a casual viewer, not from an attacker: with one key for all images, twenty protected images "
     "alone are a jigsaw puzzle that gives it; with a key an image, the blocks are a harder one"},
    {"neuracrypt", 16, 2, 32,
     "hides pictures from a casual viewer, not from an attacker: without the key, plain images are matched with their "
     "protected forms, all of them in N. Carlini et al., arXiv 2108.07256"},
    {"color-neuracrypt", 16, 2, 32,
     "hides pictures from a casual viewer, not from an attacker: with one key for all images it is almost affine, and "
     "ten known pairs and one ridge regression decode images never seen"},
}};

const char* const kModularPromise =
    "hides pictures from a casual viewer, not from an attacker: with one key for all images, k^2 known independent "
    "blocks "
    "a channel give the key by elimination modulo 256; networks do not learn from it";

const Scheme& scheme(const std::string& name) {
  const auto found = std::find_if(kSchemes.begin(), kSchemes.end(), [&](const Scheme& s) { return name == s.name; });
  if (found != kSchemes.end()) return *found;
  std::string names;
  for (const Scheme& s : kSchemes) names += (names.empty() ? "" : ", ") + std::string(s.name);
  throw UsageError("there is no shield '" + name + "'; there are " + names);
}

std::string size_text(std::size_t width, std::size_t height) {
  return std::to_string(width) + "x" + std::to_string(height);
}

void require_whole(const image::Image& image) {
  const std::size_t samples = image.channels * image.height * image.width;
  if (image.empty() || image.pixels.size() != samples || (image.channels != 1 && image.channels != 3)) {
    throw ParameterError("an empty image cannot be protected");
  }
}

struct Shape {
  std::size_t channels, height, width, samples;
};

Shape shape_of(const Picture& picture) {
  if (const auto* real = std::get_if<RealImage>(&picture)) {
    return {real->channels, real->height, real->width, real->values.size()};
  }
  const auto& bytes = std::get<image::Image>(picture);
  return {bytes.channels, bytes.height, bytes.width, bytes.pixels.size()};
}

void require_arithmetic(const Parameters& p) {
  if (p.shield == "hill" || (p.arithmetic == Arithmetic::real) == is_encoder(p.shield)) return;
  throw UsageError("the shield " + p.shield + " has " +
                   to_string(is_encoder(p.shield) ? Arithmetic::real : Arithmetic::modular) + " arithmetic only");
}

}  // namespace

bool is_encoder(const std::string& shield) {
  return shield == "neuracrypt" || shield == "color-neuracrypt";
}

std::string Shield::promise() const {
  return name() == "hill" && !real() ? kModularPromise : scheme(name()).promise;
}

void Shield::require_taken(const image::Image& image) const {
  require_whole(image);
  if (takes_channels(image.channels)) return require_room(image);
  const bool grey = image.channels == 1;
  throw UnsupportedError("the shield " + name() + " takes " + (grey ? "colour" : "grey") +
                         " images only, and this one is " + (grey ? "grey" : "in colour"));
}

void Shield::require_room(const image::Image& image) const {
  const std::size_t height = round_up(image.height, block());
  const std::size_t width = planes_across() * round_up(image.width, block());
  if (planes_across() == 1 || (width <= image::kMaxSide && height * width <= image::kMaxPixels)) return;
  throw ParameterError("the shield " + name() + " lays the colours of an image side by side, and of this one, " +
                       size_text(image.width, image.height) + ", that makes " + size_text(width, height) +
                       " pixels, where pictures have at most " + std::to_string(image::kMaxSide) + " a side and " +
                       std::to_string(image::kMaxPixels) + " in all: make it smaller, or cut it in parts");
}

Protected Shield::protect(const image::Image& image) const {
  require_taken(image);
  return {image.height, image.width, forward(pad(image, block()))};
}

std::vector<Protected> Shield::protect_batch(std::span<const image::Image> images) const {
  std::vector<image::Image> padded;
  for (const auto& image : images) {
    require_taken(image);
    padded.push_back(pad(image, block()));
  }
  std::vector<Picture> pictures = forward_batch(padded);
  std::vector<Protected> out;
  for (std::size_t i = 0; i < images.size(); ++i) {
    out.push_back({images[i].height, images[i].width, std::move(pictures[i])});
  }
  return out;
}

std::vector<Picture> Shield::forward_batch(std::span<const image::Image> padded) const {
  std::vector<Picture> out;
  for (const auto& image : padded) out.push_back(forward(image));
  return out;
}

void Shield::check_picture(const Protected& picture) const {
  const auto fail = [this](const std::string& problem) {
    throw MismatchError("the shield " + name() + " has not made this picture: " + problem);
  };
  if (std::holds_alternative<RealImage>(picture.picture) != real()) {
    fail(real() ? "it holds bytes, where real samples are expected"
                : "it holds real samples, where bytes are expected");
  }
  const Shape shape = shape_of(picture.picture);
  if (shape.samples == 0 || shape.samples != shape.channels * shape.height * shape.width) fail("it is not whole");
  const std::size_t across = planes_across();
  if (across != 1 && shape.channels != 1) fail("it is in colour, where one grey channel is expected");
  if ((shape.channels != 1 && shape.channels != 3) || (across == 1 && !takes_channels(shape.channels))) {
    fail("it is grey");
  }
  if (shape.height % block() != 0 || shape.width % (across * block()) != 0) {
    fail("its " + size_text(shape.width, shape.height) + " pixels are no whole blocks of " + std::to_string(block()) +
         (across == 1 ? "" : ", as many for each of " + std::to_string(across) + " colours"));
  }
  if (round_up(picture.height, block()) != shape.height || across * round_up(picture.width, block()) != shape.width) {
    fail("an original of " + size_text(picture.width, picture.height) + " pixels does not become one of " +
         size_text(shape.width, shape.height));
  }
}

void Shield::require_reveals() const {
  if (reveals()) return;
  throw UnsupportedError("the shield " + name() +
                         " cannot be undone, not even with the key; `obscura audit attack` decodes it approximately");
}

image::Image Shield::reveal(const Protected& picture) const {
  require_reveals();
  check_picture(picture);
  return crop(backward(picture.picture), picture.height, picture.width);
}

std::vector<std::string> shield_names() {
  std::vector<std::string> names;
  for (const Scheme& s : kSchemes) names.emplace_back(s.name);
  return names;
}

Parameters complete(Parameters parameters) {
  const Scheme& s = scheme(parameters.shield);
  if (parameters.block == 0) parameters.block = s.usual_block;
  if (parameters.block < s.smallest_block || parameters.block > s.largest_block) {
    throw UsageError("the shield " + parameters.shield + " has blocks of " + std::to_string(s.smallest_block) +
                     (s.smallest_block == s.largest_block ? "" : " to " + std::to_string(s.largest_block)) +
                     " pixels a side, not " + std::to_string(parameters.block));
  }
  require_arithmetic(parameters);
  if (is_encoder(parameters.shield)) return complete_encoder(parameters);
  return {parameters.shield, parameters.block, parameters.arithmetic};
}

std::unique_ptr<Shield> make_shield(const Parameters& wanted, const Seed& seed) {
  const Parameters p = complete(wanted);
  if (p.shield == "vit") return std::make_unique<Vit>(p, seed);
  if (p.shield == "le") return std::make_unique<Le>(p, seed);
  if (p.shield == "pe") return std::make_unique<Pe>(p, seed);
  if (p.shield == "ele") return std::make_unique<Ele>(p, seed);
  if (p.shield == "etc") return std::make_unique<Etc>(p, seed);
  if (p.shield == "etc-grayscale") return std::make_unique<EtcGrayscale>(p, seed);
  if (is_encoder(p.shield)) return std::make_unique<NeuraCrypt>(p, seed);
  if (p.arithmetic == Arithmetic::real) return std::make_unique<RealHill>(p, seed);
  return std::make_unique<ModularHill>(p, seed);
}

}  // namespace obscura::shield
