#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "image/image.h"
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

/// Which shield, and what it is made with.
struct Parameters {
  std::string shield;
  std::size_t block = 0;  ///< pixels a side of a block; 1 where a shield has no blocks
  Arithmetic arithmetic = Arithmetic::modular;
  friend bool operator==(const Parameters&, const Parameters&) = default;
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

  /// Throws ParameterError for an empty image, UnsupportedError, naming the shield, for channels it cannot take.
  Protected protect(const image::Image& image) const;
  /// The original: exactly, unless the shield is real, then to rounding, which for 8-bit originals is exact as well.
  /// With another key the result is noise. Throws MismatchError if this shield cannot have made `picture`.
  image::Image reveal(const Protected& picture) const;

 protected:
  explicit Shield(Parameters parameters) : parameters_(std::move(parameters)) {}

 private:
  virtual Picture forward(const image::Image& padded) const = 0;
  virtual image::Image backward(const Picture& picture) const = 0;
  void check_picture(const Protected& picture) const;

  Parameters parameters_;
};

/// hill, le, pe, ele, etc.
std::vector<std::string> shield_names();

/// The parameters with block 0 replaced by the shield's usual one. Throws UsageError for a name, block size or
/// arithmetic that there is not.
Parameters complete(Parameters parameters);

/// Everything it needs drawn from the seed. Throws as complete().
std::unique_ptr<Shield> make_shield(const Parameters& parameters, const Seed& seed);

}  // namespace obscura::shield
