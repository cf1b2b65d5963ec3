#include "study/learning/learnable_pictures.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/file.h"
#include "image/dataset.h"
#include "image/image.h"
#include "shield/container.h"
#include "study/images/picture_folder.h"

namespace fs = std::filesystem;

namespace obscura::study {
namespace {

constexpr std::size_t kImages = 12, kSide = 64, kGap = 4;
constexpr std::size_t kMaxBytes = std::size_t{1} << 30;

image::Image picture_of(const fs::path& file) {
  const auto read = shield::decode(read_file(file, kMaxBytes), file.string());
  if (const auto* real = std::get_if<shield::RealImage>(&read.picture)) return shield::view(*real);
  return std::get<image::Image>(read.picture);
}

/// Pixels stay squares: what is seen is what is there.
image::Image enlarged(const image::Image& small) {
  const image::Image colours = image::to_rgb(small);
  image::Image out(3, kSide, kSide);
  for (std::size_t y = 0; y < kSide; ++y) {
    for (std::size_t x = 0; x < kSide; ++x) {
      for (std::size_t c = 0; c < 3; ++c) {
        out.at(y, x, c) = colours.at(y * colours.height / kSide, x * colours.width / kSide, c);
      }
    }
  }
  return out;
}

void paste(image::Image& strip, const image::Image& one, std::size_t left) {
  for (std::size_t y = 0; y < one.height; ++y) {
    for (std::size_t x = 0; x < one.width; ++x) {
      for (std::size_t c = 0; c < 3; ++c) strip.at(y, left + x, c) = one.at(y, x, c);
    }
  }
}

}  // namespace

std::size_t write_test_images(const std::string& dataset, const fs::path& data, std::size_t limit, std::size_t side,
                              const fs::path& folder) {
  const auto set = image::load_dataset(dataset, image::Split::test, data, limit);
  StagedFolder staged(folder);
  staged.prepare({"00000.png"});
  for (std::size_t i = 0; i < set.count; ++i) {
    const image::Image image = set.image(i);
    staged.put(fmt::format("{:05}.png", i), image::encode_png(side == 0 ? image : image::resize(image, side, side)));
  }
  staged.commit();
  return set.count;
}

report::Picture strip_of(const std::string& title, const fs::path& folder) {
  const auto list = list_pictures(folder, shield::is_protected_name);
  const std::size_t count = std::min(list.files.size(), kImages);
  image::Image strip(3, kSide, count * (kSide + kGap) - kGap, 255);
  for (std::size_t i = 0; i < count; ++i) {
    paste(strip, enlarged(picture_of(list.files[i].file)), i * (kSide + kGap));
  }
  return {title, "", image::encode_png(strip)};
}

}  // namespace obscura::study
