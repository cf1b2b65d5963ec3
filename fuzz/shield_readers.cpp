// Keys of shields, and protected pictures.
#include <memory>
#include <utility>
#include <variant>

#include "fuzz/readers.h"
#include "fuzz/samples.h"
#include "shield/container.h"
#include "shield/key.h"

namespace obscura::fuzz {
namespace {

image::Image drawn_image() {
  image::Image image(3, 4, 4);
  for (std::size_t i = 0; i < image.pixels.size(); ++i) image.pixels[i] = static_cast<std::uint8_t>(37 * i);
  return image;
}

shield::Key key_of(const char* name, shield::Arithmetic arithmetic) {
  shield::Parameters parameters;
  parameters.shield = name;
  parameters.block = 4;
  parameters.arithmetic = arithmetic;
  return shield::key_of_seed(shield::complete(parameters), shield::Seed{1});
}

Bytes protected_file(const shield::Key& key) {
  const auto shield = shield::make_shield(key);
  const auto made = shield->protect(drawn_image());
  const shield::Label label{key.parameters, shield::fingerprint(key.seed), std::nullopt, made.height, made.width};
  return shield::encode(label, made.picture);
}

/// Read, shown and revealed, as the verbs do.
Reader protected_reader(std::string name, const shield::Key& key, Seal seal, bool exact) {
  const auto shared = std::shared_ptr<const shield::Shield>(shield::make_shield(key));
  const auto rewrite = [key, shared, exact](ByteSpan in) -> std::optional<Bytes> {
    const auto read = shield::decode(in, "input");
    if (const auto* real = std::get_if<shield::RealImage>(&read.picture)) shield::view(*real);
    // Another size is another matrix of the shield: small ones are enough.
    constexpr std::size_t kSide = 64;
    if (!read.label || (read.label->height <= kSide && read.label->width <= kSide)) {
      shield::reveal(key, *shared, read, "input");
    }
    if (!exact || !read.label) return nothing();
    return shield::encode(*read.label, read.picture);
  };
  const Bytes seed = protected_file(key);
  return {std::move(name), {seed}, rewrite, kFormat | kMismatch, seal, {1024, std::size_t{2} << 30}, 2048};
}

}  // namespace

Reader shield_key_reader() {
  std::vector<Bytes> seeds;
  for (const auto arithmetic : {shield::Arithmetic::modular, shield::Arithmetic::real}) {
    seeds.push_back(bytes_of(shield::key_text(key_of("hill", arithmetic))));
  }
  seeds.push_back(bytes_of(shield::key_text(key_of("le", shield::Arithmetic::modular))));
  const auto rewrite = [](ByteSpan in) -> std::optional<Bytes> {
    const shield::Key key = shield::parse_key(text_of(in), "input");
    // Spaces and the order of fields are free; what is written is read as the same.
    const std::string text = shield::key_text(key);
    if (shield::key_text(shield::parse_key(text, "input")) != text)
      throw Fault("shield_key: another key when read again");
    return nothing();
  };
  return {"shield_key", seeds, rewrite, kFormat | kParameter, Seal::none, {1024, std::size_t{1} << 20}, 4096};
}

Reader shield_file_reader() {
  return protected_reader("shield_file", key_of("hill", shield::Arithmetic::real), Seal::shield, false);
}

Reader shield_png_reader() {
  return protected_reader("shield_png", key_of("hill", shield::Arithmetic::modular), Seal::png, false);
}

}  // namespace obscura::fuzz
