#include "audit/jigsaw/jigsaw.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "audit/jigsaw/jigsaw_borders.h"
#include "base/error.h"
#include "shield/blocks.h"

namespace obscura::audit {
namespace {

constexpr std::size_t kMostPieces = 1024;
constexpr std::size_t kKept = 12;  ///< best links a side of a piece
constexpr double kInfinity = std::numeric_limits<double>::infinity();

struct Vec {
  int y = 0, x = 0;
  friend bool operator==(const Vec&, const Vec&) = default;
};

Vec operator+(const Vec& a, const Vec& b) {
  return {a.y + b.y, a.x + b.x};
}
Vec operator-(const Vec& a) {
  return {-a.y, -a.x};
}

/// One of the eight maps of the square.
struct Turn {
  std::array<int, 4> m = {1, 0, 0, 1};
  int determinant() const { return m[0] * m[3] - m[1] * m[2]; }
  Turn inverse() const { return {{m[0], m[2], m[1], m[3]}}; }
};

Vec operator*(const Turn& t, const Vec& v) {
  return {t.m[0] * v.y + t.m[1] * v.x, t.m[2] * v.y + t.m[3] * v.x};
}
Turn operator*(const Turn& a, const Turn& b) {
  return {{a.m[0] * b.m[0] + a.m[1] * b.m[2], a.m[0] * b.m[1] + a.m[1] * b.m[3], a.m[2] * b.m[0] + a.m[3] * b.m[2],
           a.m[2] * b.m[1] + a.m[3] * b.m[3]}};
}

constexpr std::array<Vec, 4> kOutwards = {{{-1, 0}, {0, 1}, {1, 0}, {0, -1}}};

std::array<Turn, 8> all_turns() {
  std::array<Turn, 8> out;
  for (std::size_t k = 0; k < 8; ++k) {
    const int a = k & 1 ? -1 : 1, b = k & 2 ? -1 : 1;
    out[k] = k & 4 ? Turn{{0, a, b, 0}} : Turn{{a, 0, 0, b}};
  }
  return out;
}

/// The turn that takes `from` to `to` and mirrors or does not.
Turn turn_onto(const Vec& from, const Vec& to, int determinant) {
  for (const Turn& t : all_turns()) {
    if (t * from == to && t.determinant() == determinant) return t;
  }
  return {};
}

/// Side a of piece i against side b of piece j, which is recoloured to fit i.
struct Link {
  double cost = 0;
  std::uint32_t i = 0, j = 0;
  std::uint8_t a = 0, b = 0;
  bool mirrored = false;  ///< one of them is, seen from the other
  Recolour change;
};

/// Where a piece lies in its group.
struct Placed {
  std::size_t group = 0;
  Vec at;
  Turn turn;
  Recolour colours;
};

class Puzzle {
 public:
  Puzzle(const image::Image& picture, std::size_t block, const JigsawRules& rules)
      : grid_(picture.height, picture.width, block), rules_(rules), changes_(recolours(rules)) {
    for (std::size_t b = 0; b < grid_.count(); ++b) {
      borders_.push_back(borders_of(picture, grid_.top(b), grid_.left(b), block));
      placed_.push_back({b, {}, {}, {}});
      groups_.push_back({b});
    }
  }

  void join() {
    for (const Link& link : links()) {
      if (placed_[link.i].group != placed_[link.j].group) merge(link);
    }
  }

  /// The largest group in the frame, the rest of the pieces in its holes.
  Jigsaw finish() {
    const auto largest =
        std::max_element(groups_.begin(), groups_.end(), [](auto& a, auto& b) { return a.size() < b.size(); });
    const std::vector<std::size_t> group = *largest;
    upright(group);
    Vec low = placed_[group.front()].at;
    for (const std::size_t p : group) low = {std::min(low.y, placed_[p].at.y), std::min(low.x, placed_[p].at.x)};
    std::vector<std::optional<std::size_t>> frame(grid_.count());
    std::vector<bool> used(grid_.count());
    for (const std::size_t p : group) {
      placed_[p].at = placed_[p].at + -low;
      frame[slot(placed_[p].at)] = p;
      used[p] = true;
    }
    for (std::size_t left = grid_.count() - group.size(); left > 0; --left) fill_one(frame, used);
    Jigsaw out;
    out.rows = grid_.rows;
    out.columns = grid_.columns;
    for (const auto& p : frame) {
      out.piece.push_back(*p);
      out.lay.push_back({placed_[*p].turn.m, placed_[*p].colours.order, placed_[*p].colours.negative});
    }
    return out;
  }

 private:
  std::size_t slot(const Vec& v) const {
    return static_cast<std::size_t>(v.y) * grid_.columns + static_cast<std::size_t>(v.x);
  }

  /// Every way in which a side of one piece may lie against a side of another.
  template <typename Take>
  void each_link(std::uint32_t i, std::uint32_t j, const Take& take) const {
    for (std::uint8_t a = 0; a < 4; ++a) {
      for (std::uint8_t b = 0; b < 4; ++b) {
        for (const bool mirrored : {false, true}) {
          if (!rules_.turned && (mirrored || b != (a + 2) % 4)) continue;
          for (const Recolour& change : changes_) {
            take(Link{mismatch(borders_[i][a], borders_[j][b], mirrored, change), i, j, a, b, mirrored, change});
          }
        }
      }
    }
  }

  /// The best of each side, in order of how much better they are than the best with another piece.
  std::vector<Link> links() const {
    const std::size_t sides = 4 * borders_.size();
    struct Side {
      std::vector<Link> best;
      std::vector<double> of_piece;  // least cost with each other piece
    };
    std::vector<Side> side(sides);
    for (Side& s : side) s.of_piece.assign(borders_.size(), kInfinity);
    const auto keep = [](Side& s, const Link& link, std::size_t other) {
      s.of_piece[other] = std::min(s.of_piece[other], link.cost);
      const auto at = std::upper_bound(s.best.begin(), s.best.end(), link.cost,
                                       [](double cost, const Link& l) { return cost < l.cost; });
      if (s.best.size() == kKept && at == s.best.end()) return;
      s.best.insert(at, link);
      if (s.best.size() > kKept) s.best.pop_back();
    };
    for (std::uint32_t i = 0; i < borders_.size(); ++i) {
      for (std::uint32_t j = i + 1; j < borders_.size(); ++j) {
        each_link(i, j, [&](const Link& link) {
          keep(side[4 * i + link.a], link, j);
          keep(side[4 * j + link.b], link, i);
        });
      }
    }
    const auto second = [](Side& s) {
      std::nth_element(s.of_piece.begin(), s.of_piece.begin() + 1, s.of_piece.end());
      return s.of_piece[1];
    };
    std::vector<double> seconds;
    for (Side& s : side) seconds.push_back(borders_.size() > 2 ? second(s) : 1);
    std::vector<Link> out;
    for (const Side& s : side) {
      for (Link link : s.best) {
        const double other = std::min(seconds[4 * link.i + link.a], seconds[4 * link.j + link.b]);
        link.cost = link.cost / (other + 1e-9);
        out.push_back(link);
      }
    }
    std::stable_sort(out.begin(), out.end(), [](const Link& a, const Link& b) { return a.cost < b.cost; });
    return out;
  }

  bool fits(Vec low, Vec high) const {
    const auto height = static_cast<std::size_t>(high.y - low.y + 1),
               width = static_cast<std::size_t>(high.x - low.x + 1);
    const bool upright = height <= grid_.rows && width <= grid_.columns;
    return upright || (rules_.turned && height <= grid_.columns && width <= grid_.rows);
  }

  /// Takes the group of piece j into that of piece i, unless two pieces would come to lie in one place or the whole
  /// would not fit the frame.
  void merge(const Link& link) {
    const Placed& first = placed_[link.i];
    const Placed& second = placed_[link.j];
    const Vec outwards = first.turn * kOutwards[link.a];
    const int determinant = first.turn.determinant() * (link.mirrored ? -1 : 1);
    const Turn turn = turn_onto(kOutwards[link.b], -outwards, determinant);
    const Turn whole = turn * second.turn.inverse();
    const Recolour colours = after(after(first.colours, link.change), inverse(second.colours));
    const Vec shift = first.at + outwards + -(whole * second.at);
    const std::size_t into = first.group, from = second.group;
    Vec low{1 << 20, 1 << 20}, high{-(1 << 20), -(1 << 20)};
    const auto reach = [&](const Vec& v) {
      low = {std::min(low.y, v.y), std::min(low.x, v.x)};
      high = {std::max(high.y, v.y), std::max(high.x, v.x)};
    };
    for (const std::size_t p : groups_[into]) reach(placed_[p].at);
    for (const std::size_t q : groups_[from]) {
      const Vec at = whole * placed_[q].at + shift;
      reach(at);
      for (const std::size_t p : groups_[into]) {
        if (placed_[p].at == at) return;
      }
    }
    if (!fits(low, high)) return;
    for (const std::size_t q : groups_[from]) {
      Placed& piece = placed_[q];
      piece = {into, whole * piece.at + shift, whole * piece.turn, after(colours, piece.colours)};
      groups_[into].push_back(q);
    }
    groups_[from].clear();
  }

  /// Turns a group that lies across the frame.
  void upright(const std::vector<std::size_t>& group) {
    Vec low = placed_[group.front()].at, high = low;
    for (const std::size_t p : group) {
      low = {std::min(low.y, placed_[p].at.y), std::min(low.x, placed_[p].at.x)};
      high = {std::max(high.y, placed_[p].at.y), std::max(high.x, placed_[p].at.x)};
    }
    if (static_cast<std::size_t>(high.y - low.y) < grid_.rows &&
        static_cast<std::size_t>(high.x - low.x) < grid_.columns) {
      return;
    }
    const Turn quarter{{0, 1, -1, 0}};
    for (const std::size_t p : group) {
      placed_[p].at = quarter * placed_[p].at;
      placed_[p].turn = quarter * placed_[p].turn;
    }
  }

  /// Of all free places with a neighbour and all pieces left, what fits best.
  void fill_one(std::vector<std::optional<std::size_t>>& frame, std::vector<bool>& used) {
    double least = kInfinity;
    Placed best;
    std::size_t piece = 0;
    for (std::size_t s = 0; s < frame.size(); ++s) {
      if (frame[s]) continue;
      const Vec at{static_cast<int>(s / grid_.columns), static_cast<int>(s % grid_.columns)};
      for (std::size_t q = 0; q < used.size(); ++q) {
        if (!used[q]) try_place(frame, q, at, least, best, piece);
      }
    }
    placed_[piece] = best;
    frame[slot(best.at)] = piece;
    used[piece] = true;
  }

  void try_place(const std::vector<std::optional<std::size_t>>& frame, std::size_t q, const Vec& at, double& least,
                 Placed& best, std::size_t& piece) const {
    for (const Turn& turn : all_turns()) {
      if (!rules_.turned && turn.m != Turn{}.m) continue;
      for (const Recolour& colours : changes_) {
        double sum = 0;
        int neighbours = 0;
        for (const Vec& outwards : kOutwards) {
          const Vec beside = at + outwards;
          if (beside.y < 0 || beside.x < 0 || static_cast<std::size_t>(beside.y) >= grid_.rows ||
              static_cast<std::size_t>(beside.x) >= grid_.columns || !frame[slot(beside)]) {
            continue;
          }
          sum += placed_mismatch(*frame[slot(beside)], -outwards, q, turn, colours);
          ++neighbours;
        }
        if (neighbours == 0 || sum / neighbours >= least) continue;
        least = sum / neighbours;
        best = {0, at, turn, colours};
        piece = q;
      }
    }
  }

  /// Of a piece that lies there and one that would come to lie next to it, in direction `outwards` from it.
  double placed_mismatch(std::size_t there, const Vec& outwards, std::size_t q, const Turn& turn,
                         const Recolour& colours) const {
    const Placed& first = placed_[there];
    const auto side = [](const Turn& t, const Vec& direction) {
      const Vec own = t.inverse() * direction;
      return static_cast<std::size_t>(std::find(kOutwards.begin(), kOutwards.end(), own) - kOutwards.begin());
    };
    const bool mirrored = first.turn.determinant() != turn.determinant();
    return mismatch(borders_[there][side(first.turn, outwards)], borders_[q][side(turn, -outwards)], mirrored,
                    after(inverse(first.colours), colours));
  }

  shield::Grid grid_;
  JigsawRules rules_;
  std::vector<Recolour> changes_;
  std::vector<Borders> borders_;
  std::vector<Placed> placed_;
  std::vector<std::vector<std::size_t>> groups_;
};

void paint(const image::Image& picture, const shield::Grid& grid, Jigsaw& solved) {
  solved.image = image::Image(picture.channels, picture.height, picture.width);
  const auto side = static_cast<int>(grid.side);
  for (std::size_t s = 0; s < solved.piece.size(); ++s) {
    const Lay& lay = solved.lay[s];
    const Turn turn{lay.turn};
    for (int y = 0; y < side; ++y) {
      for (int x = 0; x < side; ++x) {
        // About the middle, in half pixels.
        const Vec to = turn * Vec{2 * y - side + 1, 2 * x - side + 1};
        const std::size_t from_y = grid.top(solved.piece[s]) + static_cast<std::size_t>(y);
        const std::size_t from_x = grid.left(solved.piece[s]) + static_cast<std::size_t>(x);
        const std::size_t to_y = grid.top(s) + static_cast<std::size_t>((to.y + side - 1) / 2);
        const std::size_t to_x = grid.left(s) + static_cast<std::size_t>((to.x + side - 1) / 2);
        for (std::size_t c = 0; c < 3; ++c) {
          const std::uint8_t v = picture.at(from_y, from_x, lay.order[c]);
          solved.image.at(to_y, to_x, c) = lay.negative ? static_cast<std::uint8_t>(255 - v) : v;
        }
      }
    }
  }
}

}  // namespace

Jigsaw solve_jigsaw(const image::Image& picture, std::size_t block, const JigsawRules& rules) {
  if (picture.channels != 3) throw UnsupportedError("jigsaws are put together in images of three channels only");
  const std::size_t pieces = block < 2 ? 0 : (picture.height / block) * (picture.width / block);
  if (pieces < 2 || pieces > kMostPieces || picture.height % block != 0 || picture.width % block != 0) {
    throw ParameterError(fmt::format("a picture of {}x{} is no jigsaw of 2 to {} blocks of {} pixels", picture.width,
                                     picture.height, kMostPieces, block));
  }
  Puzzle puzzle(picture, block, rules);
  puzzle.join();
  Jigsaw out = puzzle.finish();
  paint(picture, shield::Grid(picture.height, picture.width, block), out);
  return out;
}

}  // namespace obscura::audit
