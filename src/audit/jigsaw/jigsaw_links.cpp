#include "audit/jigsaw/jigsaw_links.h"

#include <algorithm>
#include <limits>

#include "base/progress.h"
#include "shield/blocks.h"

namespace obscura::audit {
namespace {

constexpr std::size_t kKept = 12;  ///< best links a side of a piece
constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::size_t code_of(const Recolour& change) {
  return (change.order[0] * 3U + change.order[1]) * 2U + (change.negative ? 1U : 0U);
}

/// What fits a side of a piece.
class SideLinks {
 public:
  void keep(const Link& link) {
    if (best_.size() == kKept && link.cost >= best_.back().cost) return;
    const auto at = std::upper_bound(best_.begin(), best_.end(), link.cost,
                                     [](double cost, const Link& l) { return cost < l.cost; });
    best_.insert(at, link);
    if (best_.size() > kKept) best_.pop_back();
  }
  /// The least cost with one other piece; each is told once.
  void see_piece(double cost) {
    second_ = std::min(second_, std::max(first_, cost));
    first_ = std::min(first_, cost);
  }
  const std::vector<Link>& best() const { return best_; }
  /// Infinite where there is but one other piece.
  double second() const { return second_; }

 private:
  std::vector<Link> best_;
  double first_ = kInfinity, second_ = kInfinity;
};

}  // namespace

PieceBorders::PieceBorders(std::span<const image::Image> pictures, std::size_t block, const JigsawRules& rules)
    : rules_(rules), changes_(recolours(rules)), index_(18) {
  for (std::size_t n = 0; n < changes_.size(); ++n) index_[code_of(changes_[n])] = n;
  const shield::Grid grid(pictures.front().height, pictures.front().width, block);
  for (const image::Image& picture : pictures) {
    borders_.emplace_back();
    for (std::size_t b = 0; b < grid.count(); ++b) {
      borders_.back().push_back(borders_of(picture, grid.top(b), grid.left(b), block));
    }
  }
}

std::size_t PieceBorders::index_of(const Recolour& change) const {
  return index_[code_of(change)];
}

void PieceBorders::add(std::size_t i, std::size_t a, std::size_t j, std::size_t b, bool mirrored, double* cost) const {
  for (const auto& pieces : borders_) add_mismatch(pieces[i][a], pieces[j][b], mirrored, changes_, cost);
}

/// Every way in which a side of one piece may lie against a side of another.
template <typename Take>
void PieceBorders::each_link(std::uint32_t i, std::uint32_t j, const Take& take) const {
  std::vector<double> cost(changes_.size());
  for (std::uint8_t a = 0; a < 4; ++a) {
    for (std::uint8_t b = 0; b < 4; ++b) {
      for (const bool mirrored : {false, true}) {
        if (!rules_.turned && (mirrored || b != (a + 2) % 4)) continue;
        std::fill(cost.begin(), cost.end(), 0);
        add(i, a, j, b, mirrored, cost.data());
        for (std::size_t n = 0; n < cost.size(); ++n) take(Link{cost[n], i, j, a, b, mirrored, changes_[n]});
      }
    }
  }
}

std::vector<Link> PieceBorders::best_links() const {
  const std::size_t count = pieces();
  std::vector<SideLinks> sides(4 * count);
  Progress progress("comparing borders of pieces", count, "pieces");
  for (std::uint32_t i = 0; i < count; ++i, progress.advance()) {
    for (std::uint32_t j = i + 1; j < count; ++j) {
      std::array<double, 4> own, other;
      own.fill(kInfinity), other.fill(kInfinity);
      each_link(i, j, [&](const Link& link) {
        sides[4 * i + link.a].keep(link), sides[4 * j + link.b].keep(link);
        own[link.a] = std::min(own[link.a], link.cost), other[link.b] = std::min(other[link.b], link.cost);
      });
      for (std::size_t a = 0; a < 4; ++a) sides[4 * i + a].see_piece(own[a]), sides[4 * j + a].see_piece(other[a]);
    }
  }
  std::vector<Link> out;
  for (const SideLinks& side : sides) {
    for (Link link : side.best()) {
      const double second = std::min(sides[4 * link.i + link.a].second(), sides[4 * link.j + link.b].second());
      if (second < kInfinity) link.cost /= second + 1e-9;
      out.push_back(link);
    }
  }
  std::stable_sort(out.begin(), out.end(), [](const Link& a, const Link& b) { return a.cost < b.cost; });
  return out;
}

}  // namespace obscura::audit
