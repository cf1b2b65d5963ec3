#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "image/dataset.h"
#include "shield/shield.h"

/// Attacks on shields, run by their owners to see what an attacker gets.
namespace obscura::audit {

/// What an attack says of itself, without knowing the truth.
struct Figure {
  std::string name;
  double value = 0;
  friend bool operator==(const Figure&, const Figure&) = default;
};

/// What an attack makes of protected pictures.
struct Recovered {
  std::vector<image::Image> images;  ///< one a protected picture, in their order, as large as the originals
  std::vector<Figure> figures;       ///< in the order of the header of the attack
  /// Of match_each_blindly: whether each image is exact by its own evidence; empty otherwise.
  std::vector<bool> exact = {};
};

/// How the attack goes about it. The same options and pictures give the same images.
struct MatchOptions {
  std::uint64_t seed = 1;  ///< of the random weights and restarts; any value will do
};

/// True for hill (either arithmetic, though the modular one withstands it), le, ele, etc and etc-grayscale.
bool can_match_statistics(const shield::Parameters& what);

/// Matching of statistics: recovers what was protected with ONE key for all pictures from nothing but the protected
/// pictures and unrelated public images of a similar kind. No key, no plain image of the victim's, no training: means
/// and covariances of both sides are compared and solved for the key. With a key an image it finds nothing, and what it
/// returns is then no better than an average image.
///
/// On photographs of 32x32 pixels every pixel comes back from some ten pictures (le), a hundred (hill with blocks of
/// 4), some hundred (etc) or a thousand (ele), with some thousand public images, in seconds on one core. With fewer,
/// and for large blocks, images come near. Images of ele and etc may come back mirrored, because mirrored photographs
/// are all but photographs; other symmetries the statistics tell apart (symmetry.h finds out, where the truth is
/// known).
///
/// Figures: of hill "residual" (0 for a perfect match of statistics, about 1 or more for none) and "exact channels"
/// (how many of the channels' keys were then found to rounding, because pixels are whole numbers); of le "residual"; of
/// ele and etc "residual".
///
/// Throws UnsupportedError, naming the shields that there is such an attack on, for another one; MismatchError for
/// pictures of different shapes or of another kind than the shield's, or for public images of other channels (ele, etc:
/// or of other sides) than theirs; ParameterError for less than two pictures or two public images. Thread-safe.
Recovered match_statistics(const shield::Parameters& what, std::span<const shield::Protected> ciphers,
                           const image::Dataset& publics, const MatchOptions& options = {});

/// The same for hill from the protected pictures alone: no public image is needed (blind_hill.h). Figures as above,
/// then "channels" and what proves an exact key, of the worst channel (HillEvidence): "lattice residue", "lowest
/// pixel", "highest pixel", "joints to inside", "lead over rivals". The key is exact by the attack's own evidence if
/// all channels are. Throws UnsupportedError, at once, for another shield or modular arithmetic and for large blocks,
/// MismatchError, ParameterError as match_statistics does. Thread-safe.
Recovered match_blindly(const shield::Parameters& what, std::span<const shield::Protected> ciphers,
                        const MatchOptions& options = {});

/// match_blindly on each picture by itself, for a key an image: its parts, cut along blocks, are the pictures. Channels
/// that are called exact are so on the evidence of one picture: of pictures that were enlarged, whose pixels follow
/// from each other, fewer are. The figure "exact pictures" counts those that are in all channels. Throws
/// ParameterError, too, for pictures of less than two parts of 2x2 blocks.
Recovered match_each_blindly(const shield::Parameters& what, std::span<const shield::Protected> ciphers,
                             const MatchOptions& options = {});

}  // namespace obscura::audit
