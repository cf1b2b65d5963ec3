#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "audit/attack_runs.h"
#include "audit/jigsaw/colour_pieces.h"
#include "audit/jigsaw/half_byte_order.h"
#include "audit/jigsaw/jigsaw.h"
#include "audit/jigsaw/sample_order.h"
#include "base/error.h"
#include "base/progress.h"
#include "shield/blocks.h"

namespace obscura::audit {
namespace {

constexpr std::size_t kMostJigsaws = 200;
// Pictures of one key that are compared at once: more make nothing surer.
constexpr std::size_t kMostCompared = 100;
// About the seconds of one core that jigsaws of single pictures may take together.
constexpr double kSeconds = 120, kQuickSeconds = 10;
// Samples of a block: what putting them in order takes grows with the cube (48 in 0.9 s and 192 in a minute).
constexpr std::size_t kMostSamples = 768;

/// Pictures ready for their jigsaw: in colour, and with blocks as they are inside.
struct Pieces {
  std::vector<image::Image> pictures;
  JigsawRules rules;
  std::vector<ColourPiece> colours;  ///< of etc-grayscale
  double residual = 0;               ///< of vit
};

Pieces pieces_of(const shield::Parameters& what, std::span<const image::Image> ciphers, std::uint64_t seed) {
  Pieces out;
  if (what.shield == "vit") {
    const SampleOrder order = find_sample_order(ciphers, what.block, seed);
    out.rules = {false, false, false};
    out.residual = order.residual;
    for (const image::Image& c : ciphers) {
      out.pictures.push_back(image::to_rgb(with_samples_in_order(order, c, what.block)));
    }
    return out;
  }
  if (what.shield == "etc-grayscale") {
    out.colours = find_colour_pieces(ciphers, what.block);
    for (const image::Image& c : ciphers) out.pictures.push_back(in_colour(out.colours, c, what.block));
    return out;
  }
  out.pictures.assign(ciphers.begin(), ciphers.end());
  return out;
}

/// How many single pictures are tried.
std::size_t affordable(const Scene& scene, std::size_t pieces, std::size_t channels) {
  const auto places = static_cast<double>(pieces);
  const auto samples = static_cast<double>(channels * scene.parameters.block * scene.parameters.block);
  double seconds = 1e-5 * places * places;
  if (scene.parameters.shield == "vit" || scene.parameters.shield == "le")
    seconds = 1e-6 * places * places + 8e-6 * std::pow(samples, 3);
  const double count = (scene.quick ? kQuickSeconds : kSeconds) / seconds;
  return static_cast<std::size_t>(std::clamp(count, 2.0, static_cast<double>(kMostJigsaws)));
}

UnsupportedError too_many_samples(const char* shield, std::size_t samples) {
  return UnsupportedError(
      fmt::format("the order of {} samples in a block takes hours to find: jigsaws of {} are for at most {}, blocks of "
                  "16 in colour",
                  samples, shield, kMostSamples));
}

std::vector<image::Image> pictures_of(const Scene& scene, std::size_t count) {
  std::vector<image::Image> out;
  for (std::size_t i = 0; i < std::min(count, scene.ciphers.size()); ++i) {
    const auto* bytes = std::get_if<image::Image>(&scene.ciphers[i].picture);
    if (bytes == nullptr) throw MismatchError("a protected picture has real samples where bytes are expected");
    out.push_back(*bytes);
  }
  return out;
}

/// Sums over pictures.
struct Tally {
  JigsawScore score;
  double residual = 0;

  void add(const JigsawScore& one, double one_residual) {
    score.direct += one.direct, score.neighbours += one.neighbours, score.largest += one.largest;
    residual += one_residual;
  }
};

/// Solves pictures of one key together.
void solve(const Scene& scene, std::span<const image::Image> ciphers, std::size_t first, Loot& out, Tally& tally) {
  const std::size_t block = scene.parameters.block;
  const Pieces pieces = pieces_of(scene.parameters, ciphers, scene.seed);
  const auto compared = std::span(pieces.pictures).first(std::min(pieces.pictures.size(), kMostCompared));
  const Jigsaw solved = solve_jigsaw(compared, block, pieces.rules);
  for (std::size_t i = 0; i < ciphers.size(); ++i) {
    const image::Image& original = scene.originals[first + i];
    PiecePlaces places = places_of_blocks(ciphers[i], original, block);
    if (!pieces.colours.empty()) places = places_of_colours(pieces.colours, places, solved.columns);
    tally.add(score_jigsaw(solved, places), pieces.residual);
    out.images.push_back(nearest_form(put_together(solved, pieces.pictures[i], block), original));
  }
}

/// Blocks of le are in their places: what is put together is their inside.
Loot run_half_bytes(const Scene& scene) {
  const std::size_t block = scene.parameters.block, area = block * block;
  if (3 * area > kMostSamples) throw too_many_samples("le", 3 * area);
  const image::Image first = pictures_of(scene, 1).front();
  const std::size_t pieces = first.height / block * (first.width / block);
  const auto ciphers = pictures_of(scene, scene.per_image ? affordable(scene, pieces, 3) : scene.ciphers.size());
  const std::size_t together = scene.per_image ? 1 : ciphers.size();
  Loot out;
  double residual = 0;
  Progress progress("half-bytes", ciphers.size(), "pictures");
  for (std::size_t i = 0; i < ciphers.size(); i += together) {
    const PlacedSamples hidden = read_blocks(std::span(ciphers).subspan(i, together), block, Unit::halves);
    const HalfByteOrder order = find_half_byte_order(hidden, block, scene.seed);
    residual += order.residual * static_cast<double>(together);
    const PlacedSamples plain = with_half_bytes_in_order(hidden, order.key);
    for (std::size_t n = 0; n < together; ++n, progress.advance()) {
      out.images.push_back(nearest_form(write_blocks(plain, n, block, Unit::halves), scene.originals[i + n]));
    }
  }
  out.figures = {{"residual of samples", residual / static_cast<double>(ciphers.size())}};
  return out;
}

}  // namespace

Loot run_jigsaw(const Scene& scene) {
  const shield::Parameters& what = scene.parameters;
  if (what.shield == "le") return run_half_bytes(scene);
  const image::Image first = pictures_of(scene, 1).front();
  const std::size_t across = what.shield == "etc-grayscale" ? 3 : 1;
  const std::size_t pieces = shield::Grid(first.height, first.width / across, what.block).count();
  if (what.shield == "vit" && first.channels * what.block * what.block > kMostSamples) {
    throw too_many_samples("vit", first.channels * what.block * what.block);
  }
  const auto ciphers =
      pictures_of(scene, scene.per_image ? affordable(scene, pieces, first.channels) : scene.ciphers.size());
  Loot out;
  Tally tally;
  if (scene.per_image) {
    Progress progress("jigsaws", ciphers.size(), "pictures");
    for (std::size_t i = 0; i < ciphers.size(); ++i, progress.advance()) {
      solve(scene, std::span(ciphers).subspan(i, 1), i, out, tally);
    }
  } else {
    solve(scene, ciphers, 0, out, tally);
  }
  const auto count = static_cast<double>(ciphers.size());
  out.success = tally.score.direct / count;
  out.success_of = "blocks at their place";
  out.each = pieces;
  out.all_alike = !scene.per_image;
  out.chance = 1 / static_cast<double>(pieces);
  out.figures = {{"pieces", static_cast<double>(pieces)},
                 {"Dc", tally.score.direct / count},
                 {"Nc", tally.score.neighbours / count},
                 {"Lc", tally.score.largest / count}};
  if (what.shield == "vit") out.figures.push_back({"residual of samples", tally.residual / count});
  return out;
}

}  // namespace obscura::audit
