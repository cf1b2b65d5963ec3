#pragma once

#include "shield/shield.h"

namespace obscura::shield {

/// PE, pixel-based encryption: W. Sirichotedumrong, Y. Kinoshita, H. Kiya, "Pixel-Based Image Encryption Without Key
/// Management for Privacy-Preserving Deep Neural Networks", IEEE Access 7, 2019. Each sample of each pixel is replaced
/// by 255 - v or not, then the three colours of the pixel are put in one of six orders. The paper's own way is a key an
/// image.
class Pe : public Shield {
 public:
  Pe(Parameters parameters, const Seed& seed) : Shield(std::move(parameters)), seed_(seed) {}
  double key_space_bits(std::size_t channels, std::size_t height, std::size_t width) const override;

 private:
  Picture forward(const image::Image& padded) const override;
  image::Image backward(const Picture& picture) const override;

  Seed seed_;
};

}  // namespace obscura::shield
