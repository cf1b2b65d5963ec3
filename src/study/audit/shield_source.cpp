#include <fmt/format.h>

#include <array>
#include <bit>
#include <memory>

#include "base/error.h"
#include "image/dataset.h"
#include "shield/key.h"
#include "shield/random.h"
#include "study/audit/bit_source.h"
#include "study/images/labelled_images.h"
#include "study/shield_key_file.h"

namespace obscura::study {
namespace {

using randomness::BitSequence;

constexpr std::size_t kMostPictures = 10'000;

image::Dataset load_pictures(const BitSourceOptions& o, const Notes& note) {
  const std::size_t most = o.images == 0 ? kMostPictures : o.images;
  if (!o.dataset.empty()) return load_noted(o.dataset, image::Split::test, o.data, note, most);
  try {
    return load_noted("cifar-10", image::Split::test, o.data, note, most);
  } catch (const IoError&) {
    note("cifar-10 is not here: drawn digits are protected instead (--dataset samples)");
    return load_noted("samples", image::Split::test, o.data, note, most);
  }
}

shield::Key key_for(const BitSourceOptions& o, std::size_t channels) {
  if (!o.key.empty()) {
    shield::Key key = load_shield_key(o.key, o.sealing);
    if (!o.shield.empty() && o.shield != key.parameters.shield) {
      throw MismatchError("the key " + o.key.string() + " is one of " + key.parameters.shield + ", not of " + o.shield);
    }
    return key;
  }
  shield::Parameters p;
  p.shield = o.shield;
  const bool real = o.arithmetic.empty() ? shield::is_encoder(o.shield) : o.arithmetic == "real";
  p.arithmetic = real ? shield::Arithmetic::real : shield::Arithmetic::modular;
  // Patches of sixteen pixels are too large for small pictures.
  if (shield::is_encoder(o.shield)) p.block = 4;
  if (o.shield == "neuracrypt") p.channels = channels;
  const std::array<std::uint64_t, 1> number{o.seed};
  return shield::key_of_seed(shield::complete(p), shield::derive({}, "obscura: audit key", number));
}

void append_protected(BitSequence& bits, const shield::Picture& picture) {
  if (const auto* bytes = std::get_if<image::Image>(&picture)) {
    for (const auto byte : bytes->pixels) bits.append(byte, 8);
  } else {
    for (const float value : std::get<shield::RealImage>(picture).values) {
      bits.append(std::bit_cast<std::uint32_t>(value), 32);
    }
  }
}

}  // namespace

BitSource shield_source(const BitSourceOptions& o, const Notes& note) {
  // A shield that there is not, and a key that does not open, are said before pictures are read.
  const shield::Key first = key_for(o, 3);
  const auto pictures = std::make_shared<const image::Dataset>(load_pictures(o, note));
  const shield::Key key = o.key.empty() ? key_for(o, pictures->channels) : first;
  const std::shared_ptr<const shield::Shield> made = shield::make_shield(key);
  const std::size_t channels = made->takes_channels(pictures->channels) ? pictures->channels
                               : made->takes_channels(3)                ? 3
                                                                        : 1;
  const std::string how =
      fmt::format("{} pictures of {}, protected by {} ({} arithmetic, blocks of {}) with one key, {}", pictures->count,
                  pictures->name, made->name(), shield::to_string(made->parameters().arithmetic), made->block(),
                  made->real() ? "samples as the 32 bits of a float" : "a byte a sample");
  return {made->name(), how, [pictures, made, channels, next = std::size_t{0}](BitSequence& bits) mutable {
            if (next == pictures->count) return false;
            image::Image picture = pictures->image(next++);
            if (channels != picture.channels)
              picture = channels == 3 ? image::to_rgb(picture) : image::to_grey(picture);
            append_protected(bits, made->protect(picture).picture);
            return true;
          }};
}

}  // namespace obscura::study
