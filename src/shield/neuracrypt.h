#pragma once

#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "shield/encoder.h"
#include "shield/shield.h"

namespace obscura::shield {

/// NeuraCrypt and Color-NeuraCrypt: a random network that nobody trains makes each patch of an image unreadable.
/// A. Yala et al., "NeuraCrypt: Hiding Private Health Data via Random Neural Networks for Public Training",
/// arXiv 2106.02484; Z. Qi, A. MaungMaung, H. Kiya, "Color-NeuraCrypt: Privacy-Preserving Color-Image Classification
/// Using Extended Random Neural Networks". A patch x of p x p pixels, read as in patches_of(), becomes
///
///   h = ReLU(W x + b);  `depth` times h = ReLU(BN(W_i h + b_i));  z = W' ReLU(h + P[position]) + b'
///
/// neuracrypt: z has `hidden` samples; a picture has as many channels, and a pixel a patch. The patches of each image
/// are shuffled by a permutation of its own, which is never undone. Published, it is fresh chance; here it is drawn
/// from the key and the image, so that the same image gives the same picture. color-neuracrypt: z has 3 p^2 samples,
/// which go back to the pixels of the patch; no shuffle. With depth -1, z = W x + b: the weak form that the first
/// challenge on NeuraCrypt was broken in.
class NeuraCrypt : public Shield {
 public:
  /// Parameters must be complete. `frozen`: one entry a normalised layer, or none for those of calibration_images().
  /// Throws ParameterError for another number, another width, or what is no variance.
  NeuraCrypt(Parameters wanted, const Seed& seed, std::vector<LayerStatistics> frozen = {});

  double key_space_bits(std::size_t channels, std::size_t height, std::size_t width) const override;
  bool takes_channels(std::size_t channels) const override { return channels == parameters().channels; }
  bool reveals() const override { return false; }

  /// Empty unless the statistics are frozen.
  const std::vector<LayerStatistics>& statistics() const { return frozen_; }
  /// The patch representation before shuffle and pixel shuffle: a channel a sample of z, a pixel a patch.
  RealImage representation(const image::Image& padded) const;
  /// neuracrypt's shuffle for a padded image: place i of the picture holds patch order[i].
  std::vector<std::uint32_t> order(const image::Image& padded) const;

 protected:
  std::vector<Picture> forward_batch(std::span<const image::Image> padded) const override;

 private:
  Picture forward(const image::Image& padded) const override;
  image::Image backward(const Picture& picture) const override;
  Rows encode(const image::Image& padded) const;
  Picture arrange(const image::Image& padded, const Rows& z) const;
  std::shared_ptr<const Rows> positions(const image::Image& padded) const;
  void require_size(const image::Image& padded) const;

  Seed seed_;
  Encoder encoder_;
  std::vector<LayerStatistics> frozen_;
  // The last size's: drawing them takes as long as protecting a small image.
  mutable std::mutex mutex_;
  mutable std::size_t rows_ = 0, columns_ = 0;
  mutable std::shared_ptr<const Rows> positions_;
};

/// Parameters of a random network with zeros replaced, for complete() (shield.h).
Parameters complete_encoder(Parameters parameters);

/// How much equal pictures give away: among all pairs of pictures and all places, the share at which both have the same
/// patch of `patch` pixels a side, sample for sample. 0 for fewer than two pictures. Throws ParameterError unless all
/// have one size, in whole patches.
double equal_patch_share(std::span<const RealImage> pictures, std::size_t patch);

}  // namespace obscura::shield
