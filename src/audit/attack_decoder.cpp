#include <algorithm>
#include <cmath>

#include "audit/attack_runs.h"
#include "audit/pairs/patches.h"
#include "base/error.h"
#include "shield/blocks.h"
#include "train/vision/inversion.h"

namespace obscura::audit {
namespace {

constexpr std::size_t kPairs = 3000, kQuickPairs = 600;
constexpr std::size_t kSteps = 1200, kQuickSteps = 200;
constexpr std::size_t kMostSamples = std::size_t{1} << 26;

/// What the decoder sees of pictures: real samples as they are, of bytes also both halves, since le and its kin move
/// half-bytes.
class Views {
 public:
  explicit Views(const shield::Parameters& what) : what_(what) {}

  void add(const shield::Protected& cipher) {
    if (const auto* real = std::get_if<shield::RealImage>(&cipher.picture)) {
      shape_ = {real->channels, real->height, real->width};
      if (what_.shield == "neuracrypt") {
        shuffled_.push_back(cipher_patches(cipher.picture, what_));
        return;
      }
      // Hill's products of bytes are hundreds of times what a network likes; the decoder standardises them.
      samples_.insert(samples_.end(), real->values.begin(), real->values.end());
      return;
    }
    const auto& bytes = std::get<image::Image>(cipher.picture);
    shape_ = {3 * bytes.channels, bytes.height, bytes.width};
    const auto planar = image::to_planar(bytes);
    for (const std::uint8_t v : planar) samples_.push_back(static_cast<float>(v) / 255);
    for (const std::uint8_t v : planar) samples_.push_back(static_cast<float>(v >> 4) / 15);
    for (const std::uint8_t v : planar) samples_.push_back(static_cast<float>(v & 15) / 15);
  }

  const train::PictureShape& shape() const { return shape_; }
  /// All that was added; shuffled patches are put in one order for all pictures first.
  const std::vector<float>& samples() {
    align_rows(shuffled_);
    for (const Patches& rows : shuffled_) {
      const Patches planar = rows.transpose();
      samples_.insert(samples_.end(), planar.data(), planar.data() + planar.size());
    }
    shuffled_.clear();
    return samples_;
  }

 private:
  shield::Parameters what_;
  train::PictureShape shape_;
  std::vector<float> samples_;
  std::vector<Patches> shuffled_;
};

void add_plain(const image::Image& padded, std::vector<float>& out) {
  for (const std::uint8_t v : image::to_planar(padded)) out.push_back(static_cast<float>(v) / 255);
}

std::vector<image::Image> images_of(const std::vector<float>& samples, const Scene& scene, const image::Image& padded) {
  std::vector<image::Image> out;
  const std::size_t size = padded.pixels.size();
  for (std::size_t i = 0; i < scene.originals.size(); ++i) {
    std::vector<std::uint8_t> planar;
    for (std::size_t k = 0; k < size; ++k) {
      planar.push_back(static_cast<std::uint8_t>(std::clamp(std::round(255 * samples[i * size + k]), 0.0F, 255.0F)));
    }
    const image::Image whole = image::from_planar(planar, padded.channels, padded.height, padded.width);
    out.push_back(shield::crop(whole, scene.originals[i].height, scene.originals[i].width));
  }
  return out;
}

}  // namespace

Loot run_decoder(const Scene& scene) {
  const image::Image padded = shield::pad(scene.originals.front(), scene.parameters.block);
  Views views(scene.parameters);
  std::vector<float> plain;
  std::size_t wanted = std::min(scene.publics.count, scene.quick ? kQuickPairs : kPairs), pairs = 0;
  for (; pairs < wanted; ++pairs) {
    const image::Image image = scene.publics.image(pairs);
    views.add(scene.oracle(image));
    add_plain(shield::pad(image, scene.parameters.block), plain);
    const std::size_t each = std::max(views.shape().size(), padded.pixels.size());
    wanted = std::min(wanted, std::max<std::size_t>(2, kMostSamples / each));
  }
  if (pairs < 2) throw ParameterError("training a decoder needs two public images or more");
  for (const auto& cipher : scene.ciphers) views.add(cipher);
  const std::vector<float>& seen = views.samples();
  const std::size_t taught = pairs * views.shape().size();

  train::InversionTask task;
  task.seen = views.shape();
  task.plain = {padded.channels, padded.height, padded.width};
  task.plain_patch = scene.parameters.block;
  task.seen_patch = scene.parameters.shield == "neuracrypt" ? 1 : scene.parameters.block;
  task.steps = scene.quick ? kQuickSteps : kSteps;
  task.seed = scene.seed;
  task.threads = scene.threads;
  const train::Inversion inversion(task, std::span(seen).first(taught), plain);
  Loot out;
  out.images = images_of(inversion.recover(std::span(seen).subspan(taught)), scene, padded);
  out.figures = {{"training loss dB", -10 * std::log10(std::max(inversion.loss(), 1e-12))},
                 {"steps", static_cast<double>(task.steps)}};
  out.chosen = pairs;
  out.uses_publics = true;
  return out;
}

}  // namespace obscura::audit
