#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ckks/keys.h"
#include "message/chunked.h"
#include "tensor/decision.h"
#include "tensor/preprocessing.h"
#include "tensor/shape.h"

namespace obscura::message {

/// How a network is laid out: one image in one ciphertext (lowest latency), or one image a slot (highest throughput).
enum class Mode { packed, batched };

/// How far beyond the largest logit of the calibration images those of other images may lie.
inline constexpr double kLogitHeadroom = 2;

/// Ciphertexts that one packed answer may have, where outputs are more than the slots of one.
inline constexpr std::size_t kMostReplies = 256;

/// What the owner needs to make keys, encrypt an image and read the answer: nothing in it is a weight.
struct ClientSpec {
  Mode mode = Mode::packed;
  std::string network;     ///< a name to show
  ckks::Digest program{};  ///< of the compiled program: queries and answers carry it
  ckks::Parameters parameters;
  Shape input;  ///< the picture
  /// The picture is cut into chunks, which are what the places below hold. Nothing: it is taken as one.
  std::optional<Chunked> chunks = std::nullopt;
  Preprocessing preprocessing;
  double input_scale = 1;
  std::size_t input_limbs = 1;
  /// Of one query: side by side (packed) or one a slot (batched). Of pictures in chunks it is one packed, and batched
  /// one every chunks->wide slots.
  std::size_t images = 1;
  /// Packed: value i of image (or chunk) k is at place input_slots[i] of the layout, which repeats every `period`
  /// places; place p is slot p width() + k, counted on from one ciphertext to the next.
  std::size_t period = 0;
  std::vector<std::uint32_t> input_slots;
  /// Packed, where values stand at several places: those of value i are input_slots[input_begin[i]] up to
  /// input_slots[input_begin[i + 1] - 1]. Empty: each has one.
  std::vector<std::uint32_t> input_begin = {};
  std::size_t outputs = 0;  ///< logits
  /// Packed: the place of logit i within the reply's period, counted on from one ciphertext to the next where there are
  /// several.
  std::vector<std::uint32_t> output_slots;
  double output_factor = 1;   ///< a logit is this times the decrypted number
  std::size_t reply_gap = 1;  ///< see ckks::CompactCiphertext
  int reply_bits = 0;
  double reply_scale = 1;  ///< of a reply, as ckks::compact leaves it
  double logit_error = 0;  ///< predicted standard deviation of what encryption makes of a logit
  /// The same of the part that depends on the key, and shows in imaginary parts; batched, the rounding of weights to
  /// integers is not in it.
  double noise = 0;
  /// The largest difference of a logit that polynomials in the place of activations made on the images that they were
  /// fitted on. 0: none are, or the file does not say.
  double fit_error = 0;
  /// The largest size of a logit that calibration promises: kLogitHeadroom times the largest that was seen. A logit
  /// beyond it comes from an image unlike those of the calibration. 0: nothing is known, the network was not
  /// calibrated.
  double logit_range = 0;
  Head head = Head::none;      ///< what the owner applies to the logits
  bool zeros_between = false;  ///< packed: places of a reply that hold no logit hold zero
  ckks::KeyRequest keys = {};  ///< what the server needs to run it
  /// The keys that the owner made for it; all zero: none yet. With a folder of keys it tells whether they are one set.
  ckks::KeyId key{};

  std::size_t slots() const { return std::size_t{1} << (parameters.log_degree - 1); }
  /// What one ciphertext, or several that belong together, hold side by side: images, or chunks of a group.
  std::size_t width() const { return chunks && mode == Mode::packed ? chunks->wide : images; }
  /// Packed: the places of value i of an image (or chunk), at least one.
  std::span<const std::uint32_t> places_of(std::size_t i) const {
    if (input_begin.empty()) return std::span(input_slots).subspan(i, 1);
    return std::span(input_slots).subspan(input_begin[i], input_begin[i + 1] - input_begin[i]);
  }
  /// What input_slots lays out: an image, or a chunk.
  Shape unit() const { return chunks ? chunks->cut.chunk() : input; }
  /// Ciphertexts that belong together: of all images, or of one group of chunks.
  std::size_t group_ciphertexts() const {
    return mode == Mode::batched ? unit().size() : std::max<std::size_t>(period * width() / slots(), 1);
  }
  /// Ciphertexts up where so many chunks of a picture are encrypted; without chunks the number does not matter.
  std::size_t queries(std::size_t encrypted) const {
    return group_ciphertexts() * (chunks && mode == Mode::packed ? chunks->groups(encrypted) : 1);
  }
  /// Ciphertexts up, at the most.
  std::size_t queries() const { return queries(chunks ? chunks->cut.used() : 0); }
  /// Packed: places of one reply, for each of its images.
  std::size_t reply_places() const { return slots() / reply_gap / images; }
  std::size_t replies() const {  ///< ciphertexts down
    if (mode == Mode::batched) return outputs;
    return output_slots.empty() ? 1 : *std::max_element(output_slots.begin(), output_slots.end()) / reply_places() + 1;
  }
};

}  // namespace obscura::message
