#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "tensor/chunking.h"

namespace obscura::message {

/// What of a picture in chunks travels encrypted.
enum class Policy : std::uint8_t {
  whole,     ///< the picture as one: all chunks side by side in the ciphertexts of one group
  all,       ///< every chunk, group by group
  features,  ///< chunks whose gradients pass a threshold; the rest, and which they are, in the clear
  hidden     ///< a fixed number of chunks, and nothing of which they are
};

/// "whole", "all", "features", "hidden"; the inverse throws UsageError.
std::string to_string(Policy policy);
Policy parse_policy(const std::string& text);

/// What a policy shows to the server besides the number of queries, a line for people; empty: nothing.
std::string disclosure(Policy policy);

/// How the pictures of a program are cut, and what of them is encrypted.
struct Chunked {
  Chunking cut;  ///< `kept` is the number of chunks of policy hidden
  Policy policy = Policy::all;
  /// Chunks side by side, a power of two. Packed: of one group, chunk k of it at every place p in slot p wide + k.
  /// Batched: slots that a picture has.
  std::size_t wide = 1;
  ChunkScore score = ChunkScore::mean;  ///< features: encrypted is a chunk whose score is above the threshold
  double threshold = 100;

  /// Groups that so many encrypted chunks fill; one holds nothing where there are none.
  std::size_t groups(std::size_t encrypted) const { return encrypted == 0 ? 1 : (encrypted + wide - 1) / wide; }
  friend bool operator==(const Chunked&, const Chunked&) = default;
};

/// "policy features: mean gradient above 100", for people.
std::string policy_text(const Chunked& chunked);

/// The chunks of one picture that a query is about.
struct ChunkChoice {
  std::vector<std::size_t> encrypted;  ///< in the order in which they fill groups
  std::vector<std::size_t> plain;      ///< features: the rest
  /// Of features: k + 1 of every encrypted chunk k and -(k + 1) of every plain one, in the order of the picture.
  std::vector<std::int32_t> indices() const;
};

/// `picture`: preprocessed. Throws MismatchError for one of another size.
ChunkChoice choose_chunks(const Chunked& chunked, std::span<const float> picture, const Preprocessing& how);

/// The encrypted and plain chunks that indices name. Throws FormatError unless they are those of every chunk of that
/// cut, in order.
ChunkChoice choice_of(const Chunking& cut, std::span<const std::int32_t> indices);

}  // namespace obscura::message
