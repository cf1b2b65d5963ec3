#include "audit/scene/controls.h"

#include <memory>
#include <vector>

#include "ring/random.h"

namespace obscura::audit {

Oracle control(const shield::Shield& shield, Encrypt encrypt) {
  return [&shield, encrypt = std::move(encrypt)](const image::Image& image) {
    shield::Protected out = shield.protect(image);
    if (auto* bytes = std::get_if<image::Image>(&out.picture)) {
      encrypt(image, bytes->pixels);
      return out;
    }
    auto& real = std::get<shield::RealImage>(out.picture);
    std::vector<std::uint8_t> bytes(real.values.size());
    encrypt(image, bytes);
    for (std::size_t i = 0; i < bytes.size(); ++i) real.values[i] = (static_cast<float>(bytes[i]) - 127.5F) / 127.5F;
    return out;
  };
}

Encrypt chacha20(const shield::Seed& key) {
  return [key, nonce = std::make_shared<std::uint64_t>(0)](const image::Image& image, std::span<std::uint8_t> out) {
    ring::RandomStream(key, (*nonce)++).fill(out);
    for (std::size_t i = 0; i < out.size(); ++i) out[i] ^= image.pixels[i % image.pixels.size()];
  };
}

}  // namespace obscura::audit
