#include "audit/attack.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <memory>

#include "audit/attack_runs.h"
#include "audit/pairs/symmetry.h"
#include "base/error.h"
#include "ring/random.h"
#include "shield/random.h"

namespace obscura::audit {
namespace {

using Names = std::vector<std::string>;

struct Entry {
  AttackInfo info;
  Loot (*run)(const Scene&);
};

Names without(Names names, const std::string& name) {
  std::erase(names, name);
  return names;
}

const std::vector<Entry>& table() {
  static const Names all = shield::shield_names();
  static const Names moved = {"vit", "le", "pe", "ele", "etc", "etc-grayscale"};
  // The decoder maps patches of the picture to those of the image, one to one.
  static const Names in_place = without(all, "etc-grayscale");
  static const Names networks = {"neuracrypt", "color-neuracrypt"};
  static const std::vector<Entry> entries = {
      {{"blind",
        "ciphertext only",
        "finds the map under which many pictures look the same everywhere, and pixels are whole numbers",
        {"hill"}},
       run_blind},
      {{"statistics",
        "ciphertext only and public images",
        "matches covariances of many pictures with public ones",
        {"hill", "le", "ele", "etc", "etc-grayscale"}},
       run_statistics},
      {{"jigsaw",
        "ciphertext only",
        "puts blocks together by their borders, after samples in their order (vit; of le only that) or colours "
        "(etc-grayscale)",
        {"vit", "le", "etc", "etc-grayscale"}},
       run_jigsaw},
      {{"features", "ciphertext only", "min(v, 255 - v) and sorted colours of single pictures", {"pe"}}, run_features},
      {{"neighbours",
        "ciphertext only",
        "follows neighbouring colours through single pictures, 48 ways a pixel",
        {"pe"}},
       run_neighbours},
      {{"equal-patches", "ciphertext only", "which places of which pictures are equal", all}, run_equal_patches},
      {{"matching", "plain images known, not which is which", "matches plain images with their protected forms",
        networks},
       run_matching},
      {{"known-blocks", "known plaintext", "solves for the key matrices from known blocks", {"hill"}},
       run_known_blocks},
      {{"known-images", "known plaintext", "follows half-bytes over known images", moved}, run_known_images},
      {{"ridge", "known plaintext", "one linear map from patches, fitted to known pairs", networks}, run_ridge},
      {{"chosen-images", "chosen plaintext", "has images protected that number their half-bytes", moved},
       run_chosen_images},
      {{"decoder", "chosen plaintext", "trains a network on public images that it has protected", in_place},
       run_decoder},
      {{"key-space", "none", "how long trying all keys would take", all}, run_key_space},
  };
  return entries;
}

std::string joined(const Names& names) {
  std::string out;
  for (const std::string& name : names) {
    if (!out.empty()) out.append(", ");
    out.append(name);
  }
  return out;
}

const Entry& find(const std::string& name) {
  Names known;
  for (const Entry& entry : table()) {
    if (entry.info.name == name) return entry;
    known.push_back(entry.info.name);
  }
  throw UsageError(fmt::format("there is no attack '{}'; there are {}", name, joined(known)));
}

bool is_on(const AttackInfo& attack, const shield::Parameters& what) {
  return std::find(attack.shields.begin(), attack.shields.end(), what.shield) != attack.shields.end();
}

void score(const Scene& scene, Loot& loot, AttackReport& out) {
  const auto truth = std::span(scene.originals).first(loot.images.size());
  if (loot.any_symmetry) {
    const Symmetry symmetry = best_symmetry(loot.images, truth);
    for (image::Image& image : loot.images) image = apply(symmetry, image);
  }
  out.quality = compare(loot.images, truth);
  const std::vector<image::Image> blank(truth.size(), mean_image(scene.publics));
  out.baseline = compare(blank, truth);
  if (!out.success) {
    out.success = out.quality->identified;
    out.success_of = "images identified";
    out.chance = 1 / static_cast<double>(truth.size());
  }
  out.recovered = std::move(loot.images);
}

/// The mean and three standard deviations, and two cases more for small numbers. What random bytes gave is itself a
/// count of as many tries.
bool as_lucky(double share, double chance, double null, std::size_t tries) {
  const auto n = static_cast<double>(tries);
  const bool by_chance = share * n <= chance * n + 3 * std::sqrt(n * chance * (1 - chance)) + 2;
  const double both = std::max(null, chance);
  return by_chance || share * n <= both * n + 3 * std::sqrt(2 * n * both * (1 - both)) + 2;
}

void fill_random(ring::RandomStream& stream, shield::Picture& picture) {
  if (auto* bytes = std::get_if<image::Image>(&picture)) {
    stream.fill(bytes->pixels);
    return;
  }
  auto& real = std::get<shield::RealImage>(picture);
  std::vector<std::uint8_t> bytes(real.values.size());
  stream.fill(bytes);
  for (std::size_t i = 0; i < bytes.size(); ++i) real.values[i] = (static_cast<float>(bytes[i]) - 127.5F) / 127.5F;
}

/// The scene with random bytes in place of all that is protected.
Scene null_of(const Scene& scene) {
  Scene out = scene;
  const std::array<std::uint64_t, 1> number{scene.seed};
  const auto stream = std::make_shared<ring::RandomStream>(shield::derive({}, "audit: random bytes", number), 0);
  for (shield::Protected& cipher : out.ciphers) fill_random(*stream, cipher.picture);
  for (shield::Protected& cipher : out.known_ciphers) fill_random(*stream, cipher.picture);
  out.oracle = [inner = scene.oracle, stream](const image::Image& image) {
    shield::Protected cipher = inner(image);
    fill_random(*stream, cipher.picture);
    return cipher;
  };
  return out;
}

std::string percent(double share) {
  return share > 0 && share < 0.01 ? fmt::format("{:.2f} %", 100 * share) : fmt::format("{:.1f} %", 100 * share);
}

}  // namespace

Scene make_scene(const shield::Shield& shield, Oracle oracle, std::span<const image::Image> images, std::size_t known,
                 image::Dataset publics) {
  if (images.size() < known + 2) {
    throw ParameterError(
        fmt::format("an attack is tried on two images or more besides the known ones, not on {} of which {} are known",
                    images.size(), known));
  }
  Scene out;
  out.parameters = shield.parameters();
  for (std::size_t i = 0; i < images.size(); ++i) {
    const image::Image& image = images[i];
    if (image.height != images.front().height || image.width != images.front().width ||
        image.channels != images.front().channels) {
      throw MismatchError("attacks are tried on images of one shape");
    }
    const bool leaked = i >= images.size() - known;
    (leaked ? out.known : out.originals).push_back(image);
    (leaked ? out.known_ciphers : out.ciphers).push_back(oracle(image));
  }
  const image::Image& first = images.front();
  if (publics.channels != first.channels || publics.height != first.height || publics.width != first.width) {
    throw MismatchError("public images are of another shape than the victim's");
  }
  out.publics = std::move(publics);
  out.oracle = std::move(oracle);
  out.key_space_bits = shield.key_space_bits(first.channels, first.height, first.width);
  return out;
}

const std::vector<AttackInfo>& attacks() {
  static const std::vector<AttackInfo> infos = [] {
    std::vector<AttackInfo> out;
    for (const Entry& entry : table()) out.push_back(entry.info);
    return out;
  }();
  return infos;
}

std::vector<AttackInfo> attacks_on(const shield::Parameters& what) {
  std::vector<AttackInfo> out;
  for (const AttackInfo& attack : attacks()) {
    if (is_on(attack, what)) out.push_back(attack);
  }
  if (out.empty()) throw UnsupportedError("there is no attack on a shield " + what.shield);
  return out;
}

const AttackInfo& find_attack(const std::string& name) {
  return find(name).info;
}

namespace {

AttackReport run_once(const Entry& entry, const Scene& scene) {
  const auto start = std::chrono::steady_clock::now();
  Loot loot = entry.run(scene);
  AttackReport out;
  out.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  out.attack = entry.info;
  out.protected_images = scene.ciphers.size();
  out.known_pairs = loot.known_pairs;
  out.chosen = loot.chosen;
  out.publics = loot.uses_publics ? scene.publics.count : 0;
  out.figures = std::move(loot.figures);
  out.claim = loot.claim;
  out.success = loot.success;
  out.success_of = loot.success_of;
  out.chance = loot.chance;
  const std::size_t images = loot.images.size();
  out.tries = (loot.all_alike ? 1 : images) * std::max<std::size_t>(1, loot.each);
  if (images > 0) score(scene, loot, out);
  return out;
}

}  // namespace

AttackReport run_attack(const std::string& name, const Scene& scene) {
  const Entry& entry = find(name);
  if (!is_on(entry.info, scene.parameters)) {
    throw UnsupportedError(
        fmt::format("the attack {} is on {}, not on {}", name, joined(entry.info.shields), scene.parameters.shield));
  }
  AttackReport out = run_once(entry, scene);
  if (!out.success) return out;
  try {
    const AttackReport null = run_once(entry, null_of(scene));
    out.null = Null{null.success.value_or(0), null.quality};
  } catch (const Error&) {
    // Some attacks refuse what no shield can have made: on random bytes they get nothing.
  }
  return out;
}

namespace {

/// It answers with pictures that it was given: those that it happens on are exact, and how many is all there is to
/// count.
bool picks_given_pictures(const AttackInfo& attack) {
  return attack.name == "matching";
}

}  // namespace

bool AttackReport::at_chance() const {
  if (!success) return true;
  if (!quality) return *success == 0;
  const bool lucky = as_lucky(*success, chance, null ? null->success : 0, tries);
  if (picks_given_pictures(attack)) return lucky;
  const bool has_images = null && null->quality;
  // No luck makes an image exact.
  if (!lucky || quality->exact > (has_images ? null->quality->exact : 0)) return false;
  if (tries != quality->images) {
    const auto images = static_cast<double>(quality->images);
    return as_lucky(quality->identified, 1 / images, has_images ? null->quality->identified : 0, quality->images);
  }
  return quality->psnr <= std::max(baseline->psnr, has_images ? null->quality->psnr : 0.0) + 1;
}

std::string AttackReport::verdict() const {
  if (!success) return "no image was recovered: this says how many keys there are, and nothing about security";
  if (!quality) {
    return *success == 0 ? "no two pictures have an equal patch at one place"
                         : percent(*success) + " of patches at one place of two pictures are equal, for all to see";
  }
  const std::string random = null ? fmt::format(", of random bytes {}", percent(null->success)) : std::string();
  const std::string counted =
      fmt::format("{} of {} (chance {}{})", percent(*success), success_of, percent(chance), random);
  const std::string own = claim.empty() ? std::string() : "; its own verdict, without the truth: " + claim;
  if (at_chance()) return "nothing gained: " + counted + own;
  if (quality->exact == quality->images && !picks_given_pictures(attack)) {
    return "broken: every image recovered exactly" + own;
  }
  const char* word = *success >= 0.5 ? "broken" : *success >= 0.15 ? "partly broken" : "leaks a little";
  if (picks_given_pictures(attack)) return fmt::format("{}: {}", word, counted);
  const std::string exact =
      quality->exact == 0 ? std::string() : fmt::format(", {} of {} images exact", quality->exact, quality->images);
  return fmt::format("{}: {}{}, {} (a mean image: {}){}", word, counted, exact, decibel_text(quality->psnr),
                     decibel_text(baseline->psnr), own);
}

std::string decibel_text(double psnr) {
  return std::isinf(psnr) ? std::string("exact") : fmt::format("{:.1f} dB", psnr);
}

}  // namespace obscura::audit
