#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "image/image.h"
#include "shield/container.h"

namespace obscura::study {

/// Protects single images with the key, or with a key each. `colour`: grey ones become three equal channels first.
/// Thread-safe.
class Protector {
 public:
  Protector(shield::Key key, bool per_image, bool colour)
      : key_(std::move(key)), shared_(shield::make_shield(key_)), per_image_(per_image), colour_(colour) {
    label_.parameters = key_.parameters;
    label_.key = shield::fingerprint(key_.seed);
  }

  const shield::Shield& shared() const { return *shared_; }
  /// Throws UnsupportedError for an image with channels that the shield does not take.
  void check(const image::Image& image, const std::string& name) const {
    const bool grey = image.channels == 1;
    if (shared_->takes_channels(grey && colour_ ? 3 : image.channels)) return;
    throw UnsupportedError(name + ": the shield " + shared_->name() +
                           (grey ? " with this key takes colour images only, and this one is grey "
                                   "(--colour makes it three equal channels)"
                                 : " with this key takes grey images only, and this one is in colour"));
  }
  /// How many images are protected together: more than one where their statistics depend on each other.
  std::size_t together(std::size_t batch) const {
    return key_.parameters.statistics == shield::Statistics::batch ? std::max<std::size_t>(batch, 1) : 1;
  }

  /// Labels and pictures of images that are protected together.
  std::vector<std::pair<shield::Label, shield::Picture>> protect(std::vector<image::Image> images) const {
    shield::Label label = label_;
    if (per_image_) label.nonce = shield::random_nonce();
    const auto own = per_image_ ? shield::make_shield(key_, *label.nonce) : nullptr;
    for (image::Image& image : images) {
      if (colour_ && image.channels == 1) image = image::to_rgb(image);
    }
    std::vector<std::pair<shield::Label, shield::Picture>> out;
    for (shield::Protected& one : (own ? *own : *shared_).protect_batch(images)) {
      label.height = one.height;
      label.width = one.width;
      out.emplace_back(label, std::move(one.picture));
    }
    return out;
  }

 private:
  shield::Key key_;
  std::unique_ptr<shield::Shield> shared_;
  shield::Label label_;
  bool per_image_;
  bool colour_;
};

}  // namespace obscura::study
