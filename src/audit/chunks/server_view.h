#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "image/image.h"
#include "tensor/chunking.h"

/// What selective encryption of pictures in chunks shows to a server.
namespace obscura::audit {

enum class ChunkPolicy {
  features,  ///< chunks whose gradients pass a threshold are encrypted; the rest, and which they are, in the clear
  all,       ///< every chunk is encrypted
  hidden     ///< a fixed number of chunks is encrypted, and nothing says which
};

/// "features", "all", "hidden"; the inverse throws UsageError.
std::string to_string(ChunkPolicy policy);
ChunkPolicy parse_chunk_policy(const std::string& text);

/// All that a server gets of one picture, but for the ciphertexts' own bytes, which tell nothing (IND-CPA). Attacks on
/// chunks read this and nothing else. A regular type.
struct ServerView {
  /// The map: k + 1 of every encrypted chunk k, -(k + 1) of every plain one, in order. Empty: the policy sends none.
  std::vector<std::int32_t> indices;
  std::vector<image::Image> plain;  ///< grey, of every negative index, in order; narrower at the picture's edges
  std::size_t ciphertexts = 0;
  std::size_t bytes = 0;  ///< of all that is sent
  friend bool operator==(const ServerView&, const ServerView&) = default;
};

/// How pictures become views.
struct ViewRule {
  ChunkPolicy policy = ChunkPolicy::features;
  Chunking cut;
  double threshold = 100;  ///< features: encrypted is a chunk whose score is above it
  std::size_t hidden = 1;  ///< hidden: chunks that are encrypted
};

/// Bytes of a ciphertext in `bytes`: nominal, of 2^13 coefficients modulo 126 bits with a seed in the place of the
/// second polynomial. Every ciphertext is as long as any other, which is all that an attack can make of it.
inline constexpr std::size_t kCiphertextBytes = (std::size_t{1} << 13) * 126 / 8;

/// `picture`: grey, of the size that is cut; `scores`: of its chunks. Throws MismatchError for others.
ServerView server_view(const ViewRule& rule, const image::Image& picture, std::span<const double> scores);

/// Of every chunk whether its pixels are in the view.
std::vector<bool> plain_chunks(const Chunking& cut, const ServerView& view);

/// The picture as the server can put it together: grey, what is not in the view `blank`. Throws MismatchError for a
/// view of another cut.
image::Image seen_picture(const Chunking& cut, const ServerView& view, std::uint8_t blank = 128);

}  // namespace obscura::audit
