#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "image/image.h"
#include "shield/block_map.h"
#include "shield/random.h"

/// The learnable way to protect an image: a keyed transform that a network can still learn from. None of these is
/// encryption in the sense of cryptography; each says what breaks it (Shield::promise, docs/shields.md).
namespace obscura::shield {

/// A picture of real samples, planar: values[(c * height + y) * width + x].
struct RealImage {
  std::size_t channels = 0;
  std::size_t height = 0;
  std::size_t width = 0;
  std::vector<float> values;
  friend bool operator==(const RealImage&, const RealImage&) = default;
};

/// What a shield makes of an image: bytes, so that people and networks can look at them, or real samples.
using Picture = std::variant<image::Image, RealImage>;

/// A protected image. Its picture may be larger than the original, whose sides it remembers.
struct Protected {
  std::size_t height = 0;  ///< of the original
  std::size_t width = 0;
  Picture picture;
  friend bool operator==(const Protected&, const Protected&) = default;
};

/// Real: sums as they are. Modular: whole numbers modulo 256.
enum class Arithmetic { real, modular };

/// What the batch norms of a random network normalise by. Frozen: statistics of a public set of images, which are part
/// of the key, so that what becomes of an image depends on nothing else. Instance: those of the image's own patches.
/// Batch: those of all images that are protected together, as published; an image alone is its own batch.
enum class Statistics { frozen, instance, batch };

/// Which shield, and what it is made with. What follows `arithmetic` is for neuracrypt and color-neuracrypt only; other
/// shields have zeros there.
struct Parameters {
  std::string shield;
  std::size_t block = 0;  ///< pixels a side of a block, or patch; 1 where a shield has no blocks
  Arithmetic arithmetic = Arithmetic::modular;
  int depth = 0;             ///< layers between the first and the last; -1: one affine map and nothing else
  std::size_t hidden = 0;    ///< width of the layers
  std::size_t channels = 0;  ///< of the images, 1 or 3
  Statistics statistics = Statistics::frozen;
  friend bool operator==(const Parameters&, const Parameters&) = default;
};

/// Mean and variance of every output of one normalised layer.
struct LayerStatistics {
  std::vector<float> mean;
  std::vector<float> variance;
  friend bool operator==(const LayerStatistics&, const LayerStatistics&) = default;
};

/// A keyed transform of images. Immutable: one may be used from many threads. Same key, same image: same result, on
/// every machine.
class Shield {
 public:
  virtual ~Shield() = default;
  Shield(const Shield&) = delete;
  Shield& operator=(const Shield&) = delete;

  const Parameters& parameters() const { return parameters_; }
  const std::string& name() const { return parameters_.shield; }
  /// Sides are padded to a multiple of this by repeating the last row and column.
  std::size_t block() const { return parameters_.block; }
  /// True if protected pictures hold real samples and must not be rounded.
  bool real() const { return parameters_.arithmetic == Arithmetic::real; }
  /// One line: what it does and does not promise, with the attack that broke it.
  std::string promise() const;

  /// log2 of the number of transforms for images of this shape. A number of keys says nothing about security: see
  /// promise(). Keys are drawn from a seed, so no more than 256 bits of it are ever used.
  virtual double key_space_bits(std::size_t channels, std::size_t height, std::size_t width) const = 0;
  /// True if images of so many channels can be protected.
  virtual bool takes_channels(std::size_t channels) const { return channels == 3; }
  /// 3 if the picture is grey and has the colours of the padded image side by side, three times as wide; else 1.
  virtual std::size_t planes_across() const { return 1; }
  /// What it does to padded pictures of this shape, if that is linear in blocks and the same in all of them. None for
  /// a shape that no padded picture has.
  virtual std::optional<BlockMap> block_map(std::size_t, std::size_t, std::size_t) const { return std::nullopt; }
  /// False if there is no way back, not even with the key.
  virtual bool reveals() const { return true; }
  /// Throws UnsupportedError, naming the shield, unless reveals().
  void require_reveals() const;

  /// Throws ParameterError for an empty image, and for one whose picture would be larger than any that is read;
  /// UnsupportedError, naming the shield, for channels it cannot take.
  Protected protect(const image::Image& image) const;
  /// The same for each of them, unless the shield's statistics are those of a batch: these images are one.
  std::vector<Protected> protect_batch(std::span<const image::Image> images) const;
  /// The original: exactly, unless the shield is real, then to rounding, which for 8-bit originals is exact as well.
  /// With another key the result is noise. Throws MismatchError if this shield cannot have made `picture`,
  /// UnsupportedError unless reveals().
  image::Image reveal(const Protected& picture) const;

 protected:
  explicit Shield(Parameters parameters) : parameters_(std::move(parameters)) {}
  /// One after the other.
  virtual std::vector<Picture> forward_batch(std::span<const image::Image> padded) const;

 private:
  virtual Picture forward(const image::Image& padded) const = 0;
  virtual image::Image backward(const Picture& picture) const = 0;
  void require_taken(const image::Image& image) const;
  void require_room(const image::Image& image) const;
  void check_picture(const Protected& picture) const;

  Parameters parameters_;
};

/// hill, vit, le, pe, ele, etc, etc-grayscale, neuracrypt, color-neuracrypt.
std::vector<std::string> shield_names();

/// True for neuracrypt and color-neuracrypt: a random network.
bool is_encoder(const std::string& shield);

/// The parameters with zeros replaced by the shield's usual block, depth, width and channels. Throws UsageError for a
/// name, block size, arithmetic, depth, width or channels that there are not.
Parameters complete(Parameters parameters);

/// Samples that neuracrypt and color-neuracrypt make of a patch, for complete parameters.
std::size_t encoder_outputs(const Parameters& parameters);

/// Everything it needs drawn from the seed. Throws as complete().
std::unique_ptr<Shield> make_shield(const Parameters& parameters, const Seed& seed);

}  // namespace obscura::shield
