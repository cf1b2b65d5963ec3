#include "study/learning/adaptation_start.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "audit/scene/drawn_images.h"
#include "audit/statistics/blind_hill.h"
#include "audit/statistics/match_hill.h"
#include "base/error.h"
#include "base/notes.h"
#include "image/dataset.h"

namespace obscura::study {
namespace {

constexpr std::size_t kProtected = 2000;
constexpr std::size_t kPublics = 10000;

std::vector<shield::RealImage> first_pictures(const train::Pictures& pictures) {
  const train::PictureShape shape = pictures.shape();
  std::vector<std::int64_t> index(std::min(kProtected, pictures.count()));
  std::iota(index.begin(), index.end(), 0);
  std::vector<float> values(index.size() * shape.size());
  pictures.read(index, values);
  std::vector<shield::RealImage> out;
  for (std::size_t i = 0; i < index.size(); ++i) {
    const auto from = values.begin() + static_cast<long>(i * shape.size());
    out.push_back({shape.channels, shape.height, shape.width, {from, from + static_cast<long>(shape.size())}});
  }
  return out;
}

image::Dataset drawn_set(const train::PictureShape& shape, std::uint64_t seed) {
  const auto drawn = audit::drawn_images(kPublics, shape.height, shape.width, seed);
  if (shape.channels == 3) return drawn;
  image::Dataset grey = drawn;
  grey.channels = 1;
  grey.images.clear();
  for (std::size_t i = 0; i < drawn.count; ++i) {
    const auto planar = image::to_planar(image::to_grey(drawn.image(i)));
    grey.images.insert(grey.images.end(), planar.begin(), planar.end());
  }
  return grey;
}

/// The last training images, so that a training that is limited to the first has others.
image::Dataset last_images(const std::string& name, const std::filesystem::path& data) {
  image::Dataset set = image::load_dataset(name, image::Split::train, data);
  const std::size_t left_out = set.count - std::min(set.count, kPublics);
  set.images.erase(set.images.begin(), set.images.begin() + static_cast<long>(left_out * set.image_size()));
  set.labels.erase(set.labels.begin(), set.labels.begin() + static_cast<long>(left_out));
  set.count -= left_out;
  return set;
}

std::vector<train::BlockGuess> block_guesses(const audit::HillGuess& guess, const std::string& from,
                                             const Notes& note) {
  std::vector<train::BlockGuess> out;
  std::string said;
  for (const auto& channel : guess.channels) {
    train::BlockGuess one;
    one.inverse = channel.inverse.values;
    one.plain_mean = channel.plain_mean;
    one.protected_mean = channel.cipher_mean;
    out.push_back(std::move(one));
    said +=
        fmt::format("{}{:.3f}{}", said.empty() ? "" : ", ", channel.residual, channel.exact ? " (exact)" : " (rough)");
  }
  note("the adaptation starts from matched statistics of " + from + "; residual a channel: " + said);
  return out;
}

void check_shape(const train::PictureShape& shape, std::size_t block) {
  if (block < 2 || shape.channels > 3 || shape.height % block != 0 || shape.width % block != 0) {
    throw UnsupportedError("an adaptation can start from matched statistics only for pictures that hill protected");
  }
}

}  // namespace

std::vector<train::BlockGuess> guess_blocks(const train::Pictures& pictures, std::size_t block,
                                            const std::string& publics, const std::filesystem::path& data,
                                            std::uint64_t seed, const Notes& note) {
  const train::PictureShape shape = pictures.shape();
  check_shape(shape, block);
  const image::Dataset set = publics.empty() ? drawn_set(shape, seed) : last_images(publics, data);
  return block_guesses(audit::match_hill(first_pictures(pictures), set, block, seed), set.name, note);
}

std::vector<train::BlockGuess> guess_blocks_blindly(const train::Pictures& pictures, std::size_t block,
                                                    std::uint64_t seed, const Notes& note) {
  check_shape(pictures.shape(), block);
  return block_guesses(audit::blind_hill(first_pictures(pictures), block, seed), "the protected pictures themselves",
                       note);
}

}  // namespace obscura::study
