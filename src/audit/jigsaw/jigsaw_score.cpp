#include <algorithm>
#include <limits>
#include <map>
#include <string>
#include <utility>

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

/// For each block its samples, sorted, the same whether positive or negative.
std::vector<std::string> sample_lists(const image::Image& picture, const shield::Grid& grid) {
  std::vector<std::string> out;
  for (std::size_t b = 0; b < grid.count(); ++b) {
    std::string samples;
    for (std::size_t y = 0; y < grid.side; ++y) {
      for (std::size_t x = 0; x < grid.side; ++x) {
        for (std::size_t c = 0; c < picture.channels; ++c) {
          const std::uint8_t v = picture.at(grid.top(b) + y, grid.left(b) + x, c);
          samples.push_back(static_cast<char>(std::min<int>(v, 255 - v)));
        }
      }
    }
    std::sort(samples.begin(), samples.end());
    out.push_back(std::move(samples));
  }
  return out;
}

/// Where the place is when the whole picture is changed.
std::size_t moved(std::size_t place, const Jigsaw& grid, const Symmetry& whole) {
  std::size_t y = place / grid.columns, x = place % grid.columns;
  if (whole.transpose) std::swap(y, x);
  if (whole.upside_down) y = grid.rows - 1 - y;
  if (whole.mirror) x = grid.columns - 1 - x;
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
bool beside(const Places& first, const Places& second, const Jigsaw& grid, std::size_t down, std::size_t right) {
  return std::any_of(first.begin(), first.end(), [&](std::size_t a) {
    if (a % grid.columns + right >= grid.columns || a / grid.columns + down >= grid.rows) return false;
    return std::find(second.begin(), second.end(), a + down * grid.columns + right) != second.end();
  });
}

/// places[s]: where what lies in place s may belong.
JigsawScore score_as(const std::vector<Places>& places, const Jigsaw& grid) {
  JigsawScore out;
  Parts parts(places.size());
  std::size_t direct = 0, right = 0, pairs = 0;
  for (std::size_t s = 0; s < places.size(); ++s) {
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
  const auto count = static_cast<double>(places.size());
  out.direct = static_cast<double>(direct) / count;
  out.neighbours = static_cast<double>(right) / static_cast<double>(std::max<std::size_t>(pairs, 1));
  out.largest = static_cast<double>(parts.largest()) / count;
  return out;
}

}  // namespace

PiecePlaces places_of_blocks(const image::Image& picture, const image::Image& original, std::size_t block) {
  image::Image padded = shield::pad(original, block);
  if (picture.channels == 1 && padded.channels == 3) padded = shield::planes_beside(padded);
  if (padded.channels != picture.channels || padded.height != picture.height || padded.width != picture.width) {
    throw MismatchError("a jigsaw is compared with the original of its own picture");
  }
  const shield::Grid grid(picture.height, picture.width, block);
  std::map<std::string, Places> where;
  const auto originals = sample_lists(padded, grid);
  for (std::size_t b = 0; b < originals.size(); ++b) where[originals[b]].push_back(b);
  PiecePlaces out;
  for (const std::string& samples : sample_lists(picture, grid)) out.push_back(where[samples]);
  return out;
}

JigsawScore score_jigsaw(const Jigsaw& solved, const PiecePlaces& places) {
  if (solved.piece.size() != solved.rows * solved.columns || places.size() != solved.piece.size()) {
    throw MismatchError("a jigsaw is compared with the places of its own pieces");
  }
  JigsawScore best;
  for (unsigned k = 0; k < 8; ++k) {
    const Symmetry whole{(k & 4) != 0, (k & 1) != 0, (k & 2) != 0, false};
    if (whole.transpose && solved.rows != solved.columns) continue;
    std::vector<Places> changed(places.size());
    for (std::size_t s = 0; s < places.size(); ++s) changed[moved(s, solved, whole)] = places[solved.piece[s]];
    const JigsawScore score = score_as(changed, solved);
    if (score.neighbours + score.direct > best.neighbours + best.direct) best = score;
  }
  return best;
}

image::Image nearest_form(const image::Image& solved, const image::Image& original) {
  const image::Image rgb = image::to_rgb(solved), truth = image::to_rgb(original);
  if (rgb.height < truth.height || rgb.width < truth.width) {
    throw MismatchError("a jigsaw is compared with an original that is no larger");
  }
  image::Image best;
  double most = -std::numeric_limits<double>::infinity();
  for (const image::Image& turned : positions_of(rgb)) {
    const image::Image part = shield::crop(turned, truth.height, truth.width);
    for (const Recolour& change : recolours({})) {
      image::Image form = recoloured(part, change);
      const double likeness = psnr(form, truth);
      if (likeness <= most) continue;
      most = likeness;
      best = std::move(form);
    }
  }
  return original.channels == 1 ? image::to_grey(best) : best;
}

}  // namespace obscura::audit
