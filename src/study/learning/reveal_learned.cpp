#include "study/learning/reveal_learned.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "base/progress.h"
#include "shield/blocks.h"
#include "shield/container.h"
#include "study/images/picture_folder.h"
#include "train/vision/file.h"

namespace fs = std::filesystem;

namespace obscura::study {
namespace {

constexpr std::size_t kMaxBytes = std::size_t{1} << 30;

/// Sums over all samples of a channel, of what was learned (x) and, where it is known, of the original (y).
struct Sums {
  double n = 0, x = 0, y = 0, xx = 0, xy = 0;
};

/// original = scale * learned + shift.
struct Tone {
  double scale = 1;
  double shift = 0;
};

/// With the original, least squares; else what photographs have on average: mean 120, deviation 60.
Tone tone_of(const Sums& s, bool known) {
  const double mean = s.x / s.n, variance = std::max(s.xx / s.n - mean * mean, 1e-12);
  const double scale = known ? (s.xy / s.n - mean * s.y / s.n) / variance : 60 / std::sqrt(variance);
  return {scale, (known ? s.y / s.n : 120) - scale * mean};
}

struct Pair {
  std::vector<float> learned;  // planar
  std::optional<image::Image> original;
};

std::vector<float> samples_of(const fs::path& file, const train::VisionSpec& spec) {
  const auto read = shield::decode(read_file(file, kMaxBytes), file.string());
  std::vector<float> out;
  train::PictureShape shape;
  if (const auto* real = std::get_if<shield::RealImage>(&read.picture)) {
    out = real->values;
    shape = {real->channels, real->height, real->width};
  } else {
    const auto& bytes = std::get<image::Image>(read.picture);
    const auto planar = image::to_planar(bytes);
    out.assign(planar.begin(), planar.end());
    shape = {bytes.channels, bytes.height, bytes.width};
  }
  if (shape != train::PictureShape{spec.channels, spec.height, spec.width}) {
    throw MismatchError(fmt::format("{} is {}x{}x{} (channels, height, width), the network takes {}x{}x{}",
                                    file.string(), shape.channels, shape.height, shape.width, spec.channels,
                                    spec.height, spec.width));
  }
  return out;
}

/// The file of the same name among the originals, whatever its ending, padded as protect does.
image::Image original_of(const fs::path& folder, const fs::path& stem, const train::VisionSpec& spec) {
  for (const char* ending :
       {".png", ".jpg", ".jpeg", ".jfif", ".bmp", ".webp", ".tif", ".tiff", ".gif", ".pbm", ".pgm", ".ppm", ".pnm"}) {
    const fs::path file = folder / (stem.string() + ending);
    std::error_code ec;
    if (!fs::exists(file, ec)) continue;
    const auto image = shield::pad(image::read_image(file), spec.block);
    if (image.height != spec.height || image.width != spec.width) break;
    return spec.channels == 3 ? image::to_rgb(image) : image::to_grey(image);
  }
  throw IoError("there is no original of " + stem.string() + " of the network's size in " + folder.string());
}

std::vector<Pair> learn_all(const LearnedReveal& a, const PictureFiles& list, const train::VisionClassifier& network) {
  std::vector<Pair> out;
  Progress progress("revealing", list.files.size(), "images", a.progress);
  for (const PictureFile& file : list.files) {
    Pair pair{network.adapted(samples_of(file.file, network.spec())), std::nullopt};
    if (!a.plain.empty()) pair.original = original_of(a.plain, file.stem, network.spec());
    out.push_back(std::move(pair));
    progress.advance();
  }
  return out;
}

std::vector<Tone> tones_of(const std::vector<Pair>& pairs, const train::VisionSpec& spec) {
  const std::size_t area = spec.height * spec.width;
  std::vector<Sums> sums(spec.channels);
  for (const Pair& pair : pairs) {
    const auto planar = pair.original ? image::to_planar(*pair.original) : std::vector<std::uint8_t>();
    for (std::size_t i = 0; i < pair.learned.size(); ++i) {
      Sums& s = sums[i / area];
      const double x = pair.learned[i], y = planar.empty() ? 0 : planar[i];
      s.n += 1;
      s.x += x;
      s.y += y;
      s.xx += x * x;
      s.xy += x * y;
    }
  }
  std::vector<Tone> out;
  for (const Sums& s : sums) out.push_back(tone_of(s, pairs.front().original.has_value()));
  return out;
}

image::Image toned(const std::vector<float>& learned, const std::vector<Tone>& tones, const train::VisionSpec& spec) {
  const std::size_t area = spec.height * spec.width;
  std::vector<std::uint8_t> planar(learned.size());
  for (std::size_t i = 0; i < learned.size(); ++i) {
    const Tone& tone = tones[i / area];
    planar[i] = static_cast<std::uint8_t>(
        std::clamp(std::lround(tone.scale * static_cast<double>(learned[i]) + tone.shift), 0L, 255L));
  }
  return image::from_planar(planar, spec.channels, spec.height, spec.width);
}

void put_all(const LearnedReveal& a, const PictureFiles& list, const std::vector<image::Image>& images) {
  if (!fs::is_directory(a.in)) {
    image::write_png(a.out, images.front());
    return;
  }
  StagedFolder folder(a.out);
  std::vector<fs::path> stems;
  for (const PictureFile& file : list.files) stems.push_back(file.stem);
  folder.prepare(stems);
  for (std::size_t i = 0; i < images.size(); ++i) {
    folder.put(stems[i].string() + ".png", image::encode_png(images[i]));
  }
  folder.commit();
}

}  // namespace

RevealedPictures reveal_learned(const LearnedReveal& a) {
  const train::VisionClassifier network(train::read_vision(a.network));
  const PictureFiles list = list_pictures(a.in, shield::is_protected_name);
  const auto pairs = learn_all(a, list, network);
  const auto tones = tones_of(pairs, network.spec());
  std::vector<image::Image> images, originals;
  for (const Pair& pair : pairs) {
    images.push_back(toned(pair.learned, tones, network.spec()));
    if (pair.original) originals.push_back(*pair.original);
  }
  put_all(a, list, images);
  RevealedPictures out;
  out.images = images.size();
  if (!originals.empty()) out.quality = audit::compare(images, originals);
  return out;
}

nlohmann::ordered_json reveal_json(const LearnedReveal& a, const RevealedPictures& found) {
  nlohmann::ordered_json json = {{"images", found.images}, {"out", a.out.string()}};
  if (found.quality) {
    json["psnr"] = found.quality->psnr;
    json["ssim"] = found.quality->ssim;
    json["correlation"] = found.quality->correlation;
    json["identified"] = found.quality->identified;
  }
  return json;
}

}  // namespace obscura::study
