#include "train/vision/pictures.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/file.h"
#include "base/share.h"
#include "image/class_folders.h"
#include "shield/container.h"
#include "train/augmentation.h"

namespace fs = std::filesystem;

namespace obscura::train {
namespace {

constexpr std::size_t kMaxFileBytes = std::size_t{1} << 30;
constexpr std::size_t kMaxValues = std::size_t{1} << 32;

PictureShape shape_of(const shield::Picture& picture) {
  if (const auto* real = std::get_if<shield::RealImage>(&picture)) return {real->channels, real->height, real->width};
  const auto& bytes = std::get<image::Image>(picture);
  return {bytes.channels, bytes.height, bytes.width};
}

/// Real samples as they are, bytes as 0 to 255.
void copy_values(const shield::Picture& picture, std::span<float> out) {
  if (const auto* real = std::get_if<shield::RealImage>(&picture)) {
    std::ranges::copy(real->values, out.begin());
    return;
  }
  const auto planar = image::to_planar(std::get<image::Image>(picture));
  std::ranges::copy(planar, out.begin());
}

/// Numbers an image for its own key; unlike a nonce of the operating system's it comes again.
shield::Nonce counted_nonce(std::uint64_t stream, std::uint64_t number) {
  shield::Nonce nonce;
  for (std::size_t i = 0; i < nonce.size(); ++i) {
    const std::uint64_t word = i < 8 ? mix(stream) : mix(mix(stream + 1) ^ number);
    nonce[i] = static_cast<std::uint8_t>(word >> (8 * (i % 8)));
  }
  return nonce;
}

class ShieldedPictures : public Pictures {
 public:
  ShieldedPictures(const image::Dataset& set, const Protection& protection, ThreadPool* pool)
      : set_(set), protection_(protection), pool_(pool) {
    if (set.count == 0) throw MismatchError("data set " + set.name + " holds no images");
    if (protection.key) shared_ = shield::make_shield(*protection.key);
    labels_ = set.labels;
    classes_ = set.classes;
    name_ = set.name;
    shape_ = shape_of(made_of(prepared(set.pixels(0)), 0, 0));
    find_mean();
  }

  void read(std::span<const std::int64_t> index, std::span<float> out) const override {
    share(pool_, index.size(), [&](std::size_t i) {
      const auto n = static_cast<std::size_t>(index[i]);
      put(set_.pixels(n), 0, n, out.subspan(i * shape_.size(), shape_.size()));
    });
  }

  void draw(std::span<const std::int64_t> index, const Draw& draw, std::span<float> out) const override {
    const std::size_t size = set_.image_size();
    std::vector<float> pixels(index.size() * size);
    for (std::size_t i = 0; i < index.size(); ++i) {
      std::ranges::copy(set_.pixels(static_cast<std::size_t>(index[i])), pixels.begin() + static_cast<long>(i * size));
    }
    augment(pixels, {index.size(), set_.channels, set_.height, set_.width}, draw.augmentation, mean_, draw.stream,
            draw.first);
    share(pool_, index.size(), [&](std::size_t i) {
      std::vector<std::uint8_t> bytes(size);
      const float* from = pixels.data() + i * size;
      std::transform(from, from + size, bytes.begin(),
                     [](float v) { return static_cast<std::uint8_t>(std::lround(std::clamp(v, 0.0F, 255.0F))); });
      put(bytes, draw.stream + 1, draw.first + i, out.subspan(i * shape_.size(), shape_.size()));
    });
  }

 private:
  image::Image prepared(std::span<const std::uint8_t> planar) const {
    auto out = image::from_planar(planar, set_.channels, set_.height, set_.width);
    if (protection_.side != 0) out = image::resize(out, protection_.side, protection_.side);
    return protection_.colour ? image::to_rgb(out) : out;
  }

  shield::Picture made_of(const image::Image& plain, std::uint64_t stream, std::uint64_t number) const {
    if (!shared_) return plain;
    if (!protection_.per_image) return shared_->protect(plain).picture;
    return shield::make_shield(*protection_.key, counted_nonce(stream, number))->protect(plain).picture;
  }

  void put(std::span<const std::uint8_t> planar, std::uint64_t stream, std::uint64_t number,
           std::span<float> out) const {
    if (!shared_ && protection_.side == 0 && !protection_.colour) {
      std::ranges::copy(planar, out.begin());
    } else {
      copy_values(made_of(prepared(planar), stream, number), out);
    }
  }

  /// Of each channel over the first images: what cutout paints.
  void find_mean() {
    const std::size_t images = std::min<std::size_t>(set_.count, 1000), area = set_.height * set_.width;
    mean_.assign(set_.channels, 0);
    for (std::size_t c = 0; c < set_.channels; ++c) {
      double sum = 0;
      for (std::size_t n = 0; n < images; ++n) {
        for (const std::uint8_t v : set_.pixels(n).subspan(c * area, area)) sum += v;
      }
      mean_[c] = static_cast<float>(sum / static_cast<double>(images * area));
    }
  }

  const image::Dataset& set_;
  Protection protection_;
  ThreadPool* pool_;
  std::unique_ptr<shield::Shield> shared_;
  std::vector<float> mean_;
};

class StoredPictures : public Pictures {
 public:
  StoredPictures(const fs::path& folder, image::Split split, std::size_t limit) {
    const auto found = image::labelled_files(folder, split, limit, shield::is_protected_name);
    classes_ = found.classes;
    name_ = folder.filename().empty() ? folder.parent_path().filename().string() : folder.filename().string();
    for (const auto& [path, label] : found.files) {
      add(path);
      labels_.push_back(static_cast<std::int64_t>(label));
    }
  }

  void read(std::span<const std::int64_t> index, std::span<float> out) const override {
    for (std::size_t i = 0; i < index.size(); ++i) {
      const auto from = values_.begin() + static_cast<long>(static_cast<std::size_t>(index[i]) * shape_.size());
      std::copy_n(from, shape_.size(), out.begin() + static_cast<long>(i * shape_.size()));
    }
  }

  void draw(std::span<const std::int64_t> index, const Draw& draw, std::span<float> out) const override {
    const Augmentation& a = draw.augmentation;
    if (a.affine || a.flip || a.crop > 0 || a.cutout > 0 || a.one_of_eight) {
      throw UnsupportedError(
          "pictures that are protected already cannot be augmented: take --augment none, or plain "
          "images with --shield and --key");
    }
    read(index, out);
  }

 private:
  void add(const fs::path& path) {
    const auto file = shield::decode(read_file(path, kMaxFileBytes), path.string());
    const PictureShape shape = shape_of(file.picture);
    if (values_.empty()) shape_ = shape;
    if (shape != shape_) {
      throw MismatchError(fmt::format("{} is {}x{}x{} (channels, height, width), the first picture {}x{}x{}",
                                      path.string(), shape.channels, shape.height, shape.width, shape_.channels,
                                      shape_.height, shape_.width));
    }
    if (values_.size() + shape_.size() > kMaxValues) {
      throw FormatError(path.string() + " is one picture too many: they do not fit into memory");
    }
    values_.resize(values_.size() + shape_.size());
    copy_values(file.picture, std::span(values_).last(shape_.size()));
  }

  std::vector<float> values_;
};

class PicturesPart : public Pictures {
 public:
  PicturesPart(const Pictures& whole, std::vector<std::int64_t> index) : whole_(whole), index_(std::move(index)) {
    shape_ = whole.shape();
    classes_ = whole.classes();
    name_ = whole.name();
    for (const std::int64_t i : index_) labels_.push_back(whole.labels().at(static_cast<std::size_t>(i)));
  }

  void read(std::span<const std::int64_t> index, std::span<float> out) const override {
    whole_.read(mapped(index), out);
  }
  void draw(std::span<const std::int64_t> index, const Draw& draw, std::span<float> out) const override {
    whole_.draw(mapped(index), draw, out);
  }

 private:
  std::vector<std::int64_t> mapped(std::span<const std::int64_t> index) const {
    std::vector<std::int64_t> out;
    out.reserve(index.size());
    for (const std::int64_t i : index) out.push_back(index_[static_cast<std::size_t>(i)]);
    return out;
  }

  const Pictures& whole_;
  std::vector<std::int64_t> index_;
};

}  // namespace

std::unique_ptr<Pictures> part_of(const Pictures& pictures, std::vector<std::int64_t> index) {
  return std::make_unique<PicturesPart>(pictures, std::move(index));
}

std::unique_ptr<Pictures> shielded_pictures(const image::Dataset& set, const Protection& protection, ThreadPool* pool) {
  return std::make_unique<ShieldedPictures>(set, protection, pool);
}

std::unique_ptr<Pictures> stored_pictures(const fs::path& folder, image::Split split, std::size_t limit) {
  return std::make_unique<StoredPictures>(folder, split, limit);
}

}  // namespace obscura::train
