#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "image/image.h"
#include "shield/shield.h"

namespace obscura::audit {

/// The owner's program as an attacker may use it: protects an image of his choice with the owner's key.
using Oracle = std::function<shield::Protected(const image::Image&)>;

/// A key of vit, le, pe, ele, etc or etc-grayscale, whichever it is: all of them only move the half-bytes of a picture
/// and replace some by 15 - v. Half-byte 2i is the upper one of sample i of the padded picture, 2i + 1 the lower one.
struct NibbleKey {
  std::size_t channels = 0;
  std::size_t height = 0;  ///< padded
  std::size_t width = 0;
  std::vector<std::uint32_t> source;  ///< for each half-byte of the protected picture, that of the plain one
  std::vector<bool> negative;
  std::size_t helpers = 0;    ///< images that it took
  std::size_t ambiguous = 0;  ///< half-bytes whose source was one of several that the known images do not tell apart
  std::size_t lost = 0;       ///< half-bytes that nothing fits
};

/// True for vit, le, pe, ele, etc and etc-grayscale.
bool moves_half_bytes(const shield::Parameters& what);

/// Chosen plaintext: an image of zeros shows what is replaced, and images in which every half-byte holds a digit of its
/// own number show where each goes: 1 + log16(half-bytes) helper images in all, five for 32x32 colour pixels. The
/// helper images of A. H. Chang, B. M. Case, arXiv 2004.13263, were for le and pe; this takes them all. `like` is as
/// large as the images that are to be recovered. Throws UnsupportedError for another shield, MismatchError if the
/// oracle answers with pictures of another kind.
NibbleKey choose_half_bytes(const shield::Parameters& what, const image::Image& like, const Oracle& oracle);

/// Known plaintext: over the known images, a half-byte of the protected picture has the values of its source, or 15
/// less them. Some ten to fifty images tell nearly all of them apart. Throws UnsupportedError, and MismatchError unless
/// there are as many pictures as images, one or more, all of one shape and pictures as this shield makes them.
NibbleKey match_half_bytes(const shield::Parameters& what, std::span<const image::Image> plain,
                           std::span<const shield::Protected> ciphers);

/// The original by such a key. Throws MismatchError for a picture of another shape.
image::Image recover(const NibbleKey& key, const shield::Protected& cipher);

}  // namespace obscura::audit
