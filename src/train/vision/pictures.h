#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "image/dataset.h"
#include "shield/key.h"
#include "train/recipe.h"

namespace obscura {
class ThreadPool;
}

/// Labelled pictures that a network is trained on: plain, protected as they are drawn, or protected by somebody else.
namespace obscura::train {

/// Planar: values[(c * height + y) * width + x].
struct PictureShape {
  std::size_t channels = 0;
  std::size_t height = 0;
  std::size_t width = 0;
  std::size_t size() const { return channels * height * width; }
  friend bool operator==(const PictureShape&, const PictureShape&) = default;
};

/// What is drawn for one batch of training: everything that decides its augmentation.
struct Draw {
  Augmentation augmentation;
  std::uint64_t stream = 0;  ///< of the run and the epoch
  std::uint64_t first = 0;   ///< place of the batch's first picture in the epoch's order
};

/// Thread-safe.
class Pictures {
 public:
  virtual ~Pictures() = default;
  const PictureShape& shape() const { return shape_; }
  std::size_t count() const { return labels_.size(); }
  const std::vector<std::int64_t>& labels() const { return labels_; }
  const std::vector<std::string>& classes() const { return classes_; }
  /// What a picture is of, for reports.
  const std::string& name() const { return name_; }

  /// Pictures as they are: `out` has index.size() * shape().size() values.
  virtual void read(std::span<const std::int64_t> index, std::span<float> out) const = 0;
  /// Pictures as training sees them. Throws UnsupportedError if they cannot be augmented.
  virtual void draw(std::span<const std::int64_t> index, const Draw& draw, std::span<float> out) const = 0;

 protected:
  PictureShape shape_;
  std::vector<std::int64_t> labels_;
  std::vector<std::string> classes_;
  std::string name_;
};

/// What becomes of plain images while they are drawn: the owner's side. Without a key they are not protected.
struct Protection {
  std::size_t side = 0;  ///< resized to side x side pixels, after augmentation; 0: not
  bool colour = false;   ///< grey images become three equal channels
  std::optional<shield::Key> key;
  bool per_image = false;  ///< a key an image, its nonce drawn from what is drawn: reproducible
};

/// A plain data set, augmented and then protected: what is augmented afterwards would be noise to most shields.
/// Throws UnsupportedError for images that the shield cannot take. `pool` may be null; both must outlive the result.
std::unique_ptr<Pictures> shielded_pictures(const image::Dataset& set, const Protection& protection,
                                            ThreadPool* pool = nullptr);

/// Protected files as the server has them (`obscura protect`): a folder a class with `.shield` or image files. Where
/// `folder` has train/ and test/ in it, the split's; else every fifth file of a class is a test picture. They cannot be
/// augmented. `limit` > 0 takes the first that many, class by turn. Throws IoError, FormatError, MismatchError for
/// pictures of different shapes.
std::unique_ptr<Pictures> stored_pictures(const std::filesystem::path& folder, image::Split split,
                                          std::size_t limit = 0);

/// Some of `pictures`, which must outlive it, in the order of `index`.
std::unique_ptr<Pictures> part_of(const Pictures& pictures, std::vector<std::int64_t> index);

}  // namespace obscura::train
