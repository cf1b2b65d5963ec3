#include <algorithm>
#include <limits>
#include <map>
#include <string>

#include "audit/jigsaw/jigsaw.h"
#include "audit/jigsaw/jigsaw_borders.h"
#include "audit/pairs/symmetry.h"
#include "audit/scene/quality.h"
#include "base/error.h"
#include "shield/blocks.h"

namespace obscura::audit {
namespace {

using Places = std::vector<std::size_t>;

image::Image recoloured(const image::Image& image, const Recolour& change) {
  image::Image out = image;
  for (std::size_t i = 0; i < out.pixels.size(); ++i) {
    const std::uint8_t v = image.pixels[i / 3 * 3 + change.order[i % 3]];
    out.pixels[i] = change.negative ? static_cast<std::uint8_t>(255 - v) : v;
  }
  return out;
}

/// Its positions: eight for a square, four for another rectangle.
std::vector<image::Image> positions_of(const image::Image& image) {
  std::vector<image::Image> out;
  for (unsigned k = 0; k < 8; ++k) {
    const Symmetry symmetry{(k & 4) != 0, (k & 1) != 0, (k & 2) != 0, false};
    if (!symmetry.transpose || image.height == image.width) out.push_back(apply(symmetry, image));
  }
  return out;
}

/// The same for all 96 ways to lay a block.
std::string canonical(const image::Image& block) {
  std::string least;
  for (const image::Image& turned : positions_of(block)) {
    for (const Recolour& change : recolours({})) {
      const image::Image form = recoloured(turned, change);
      const std::string bytes(form.pixels.begin(), form.pixels.end());
      if (least.empty() || bytes < least) least = bytes;
    }
  }
  return least;
}

std::vector<std::string> canonical_blocks(const image::Image& image, const shield::Grid& grid) {
  std::vector<std::string> out;
  for (std::size_t b = 0; b < grid.count(); ++b) {
    image::Image block(3, grid.side, grid.side);
    for (std::size_t y = 0; y < grid.side; ++y) {
      for (std::size_t x = 0; x < grid.side; ++x) {
        for (std::size_t c = 0; c < 3; ++c) block.at(y, x, c) = image.at(grid.top(b) + y, grid.left(b) + x, c);
      }
    }
    const auto form = canonical(block);
    out.emplace_back(form.begin(), form.end());
  }
  return out;
}

/// For each place of the solution, where in the original its block may belong.
std::vector<Places> true_places(const Jigsaw& solved, const image::Image& picture, const image::Image& original,
                                const shield::Grid& grid) {
  std::map<std::string, Places> where;
  const auto originals = canonical_blocks(original, grid), blocks = canonical_blocks(picture, grid);
  for (std::size_t b = 0; b < originals.size(); ++b) where[originals[b]].push_back(b);
  std::vector<Places> out;
  for (const std::size_t piece : solved.piece) out.push_back(where[blocks[piece]]);
  return out;
}

/// Where block `b` is after the whole has been changed.
std::size_t moved(std::size_t b, const shield::Grid& grid, const Symmetry& symmetry) {
  std::size_t y = b / grid.columns, x = b % grid.columns;
  if (symmetry.transpose) std::swap(y, x);
  if (symmetry.upside_down) y = grid.rows - 1 - y;
  if (symmetry.mirror) x = grid.columns - 1 - x;
  return y * grid.columns + x;
}

/// Sizes of parts that are joined by right neighbours.
class Parts {
 public:
  explicit Parts(std::size_t count) : parent_(count) {
    for (std::size_t i = 0; i < count; ++i) parent_[i] = i;
  }
  void join(std::size_t a, std::size_t b) { parent_[root(a)] = root(b); }
  std::size_t largest() {
    std::map<std::size_t, std::size_t> sizes;
    std::size_t most = 0;
    for (std::size_t i = 0; i < parent_.size(); ++i) most = std::max(most, ++sizes[root(i)]);
    return most;
  }

 private:
  std::size_t root(std::size_t a) {
    while (parent_[a] != a) a = parent_[a] = parent_[parent_[a]];
    return a;
  }
  std::vector<std::size_t> parent_;
};

/// True if some right place of the first is the wanted neighbour of one of the second.
bool beside(const Places& first, const Places& second, const shield::Grid& grid, std::size_t down, std::size_t right) {
  return std::any_of(first.begin(), first.end(), [&](std::size_t a) {
    if (a % grid.columns + right >= grid.columns || a / grid.columns + down >= grid.rows) return false;
    return std::find(second.begin(), second.end(), a + down * grid.columns + right) != second.end();
  });
}

JigsawScore score_as(const std::vector<Places>& places, const shield::Grid& grid) {
  JigsawScore out;
  Parts parts(grid.count());
  std::size_t direct = 0, right = 0, pairs = 0;
  for (std::size_t s = 0; s < grid.count(); ++s) {
    direct += std::find(places[s].begin(), places[s].end(), s) != places[s].end() ? 1 : 0;
    for (const auto& [down, across] : {std::pair<std::size_t, std::size_t>{0, 1}, {1, 0}}) {
      if (s % grid.columns + across >= grid.columns || s / grid.columns + down >= grid.rows) continue;
      const std::size_t t = s + down * grid.columns + across;
      ++pairs;
      if (!beside(places[s], places[t], grid, down, across)) continue;
      ++right;
      parts.join(s, t);
    }
  }
  const auto count = static_cast<double>(grid.count());
  out.direct = static_cast<double>(direct) / count;
  out.neighbours = static_cast<double>(right) / static_cast<double>(std::max<std::size_t>(pairs, 1));
  out.largest = static_cast<double>(parts.largest()) / count;
  return out;
}

image::Image nearest_form(const image::Image& solved, const image::Image& original) {
  image::Image best = solved;
  double most = -std::numeric_limits<double>::infinity();
  for (const image::Image& turned : positions_of(solved)) {
    for (const Recolour& change : recolours({})) {
      image::Image form = recoloured(turned, change);
      const double likeness = psnr(form, original);
      if (likeness <= most) continue;
      most = likeness;
      best = std::move(form);
    }
  }
  return best;
}

}  // namespace

JigsawScore score_jigsaw(const Jigsaw& solved, const image::Image& picture, const image::Image& original,
                         std::size_t block) {
  const image::Image padded = shield::pad(original, block);
  if (padded.channels != 3 || padded.height != picture.height || padded.width != picture.width ||
      solved.piece.size() != solved.rows * solved.columns || solved.rows * block != picture.height) {
    throw MismatchError("a jigsaw is compared with the original of its own picture");
  }
  const shield::Grid grid(picture.height, picture.width, block);
  const auto places = true_places(solved, picture, padded, grid);
  JigsawScore best;
  for (unsigned k = 0; k < 8; ++k) {
    const Symmetry whole{(k & 4) != 0, (k & 1) != 0, (k & 2) != 0, false};
    if (whole.transpose && grid.rows != grid.columns) continue;
    std::vector<Places> changed(places.size());
    for (std::size_t s = 0; s < places.size(); ++s) changed[moved(s, grid, whole)] = places[s];
    const JigsawScore score = score_as(changed, grid);
    if (score.neighbours + score.direct > best.neighbours + best.direct) best = score;
  }
  best.image = shield::crop(nearest_form(solved.image, padded), original.height, original.width);
  return best;
}

}  // namespace obscura::audit
