#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "image/image.h"
#include "shield/affine.h"
#include "shield/shield.h"

/// For this folder: the random network of NeuraCrypt, patch by patch.
namespace obscura::shield {

/// An image whose sides are multiples of `block` as a row a patch, patches row after row. In a row: channel, row and
/// column of the patch; samples from 0 to 255 become -1 to 1 as (v / 255 - 0.5) / 0.5 does in single precision.
Rows patches_of(const image::Image& padded, std::size_t block);

/// The weights of NeuraCrypt and its layers up to the shuffle, for complete parameters (shield.h). All of it is drawn
/// from the seed in the order that docs/shields.md gives. Immutable; may be used from many threads.
class Encoder {
 public:
  Encoder(const Parameters& parameters, const Seed& seed);

  std::size_t inputs() const { return first_.inputs(); }
  /// Of the rows that positions are added to.
  std::size_t width() const { return first_.outputs(); }
  std::size_t outputs() const { return linear() ? first_.outputs() : last_.outputs(); }
  /// True without a layer in the middle: one affine map, to which no positions are added.
  bool linear() const { return linear_; }

  /// Statistics of the normalised layers over all these patches: a public image set's, to be frozen.
  std::vector<LayerStatistics> measure(const Rows& patches) const;
  /// The layers before positions are added. Normalised by `frozen`, or, if that is empty, over these rows.
  Rows embed(const Rows& patches, std::span<const LayerStatistics> frozen) const;
  /// The layers behind: h + positions, ReLU, and the last affine map. As it is if linear().
  Rows finish(Rows h, const Rows& positions) const;

 private:
  Rows middle(Rows h, std::span<const LayerStatistics> frozen, std::vector<LayerStatistics>* measured) const;

  bool linear_;
  Affine first_;
  std::vector<Affine> middle_;
  Affine last_;
};

/// `count` rows of `width` samples from the normal distribution: the vectors of positions.
Rows draw_positions(const Seed& seed, std::size_t rows, std::size_t columns, std::size_t width);

}  // namespace obscura::shield
