#include "audit/jigsaw/jigsaw.h"

#include <fmt/format.h>

#include <algorithm>

#include "audit/jigsaw/jigsaw_frame.h"
#include "audit/jigsaw/jigsaw_links.h"
#include "audit/jigsaw/jigsaw_turns.h"
#include "base/error.h"
#include "shield/blocks.h"

namespace obscura::audit {
namespace {

constexpr std::size_t kMostPieces = 2500;

/// Where a piece lies in its group.
struct Placed {
  std::size_t group = 0;
  Vec at;
  Turn turn;
  Recolour colours;
};

class Puzzle {
 public:
  Puzzle(std::span<const image::Image> pictures, const shield::Grid& grid, const JigsawRules& rules)
      : grid_(grid), rules_(rules), borders_(pictures, grid.side, rules) {
    for (std::size_t b = 0; b < grid_.count(); ++b) {
      placed_.push_back({b, {}, {}, {}});
      groups_.push_back({b});
    }
  }

  void join() {
    for (const Link& link : borders_.best_links()) {
      if (placed_[link.i].group != placed_[link.j].group) merge(link);
    }
  }

  /// The largest group in the frame, the rest of the pieces in its holes.
  std::vector<Laid> finish() {
    const std::vector<std::size_t> group =
        *std::max_element(groups_.begin(), groups_.end(), [](auto& a, auto& b) { return a.size() < b.size(); });
    upright(group);
    const Box box = box_of(group);
    Frame frame(borders_, rules_, grid_.rows, grid_.columns);
    for (const std::size_t p : group) {
      const Vec at = placed_[p].at + -box.low;
      frame.put(static_cast<std::size_t>(at.y) * grid_.columns + static_cast<std::size_t>(at.x),
                {p, placed_[p].turn, placed_[p].colours});
    }
    frame.fill();
    return frame.laid();
  }

 private:
  Box box_of(const std::vector<std::size_t>& group) const {
    Box box;
    for (const std::size_t p : group) box.reach(placed_[p].at);
    return box;
  }

  bool fits(const Box& box) const {
    const bool upright = box.height() <= grid_.rows && box.width() <= grid_.columns;
    return upright || (rules_.turned && box.height() <= grid_.columns && box.width() <= grid_.rows);
  }

  /// True if two pieces would come to lie in one place.
  bool collide(const std::vector<std::size_t>& into, const std::vector<Vec>& coming) const {
    const Box box = box_of(into);
    std::vector<bool> taken(box.height() * box.width());
    for (const std::size_t p : into) taken[box.index(placed_[p].at)] = true;
    return std::any_of(coming.begin(), coming.end(),
                       [&](const Vec& at) { return box.holds(at) && taken[box.index(at)]; });
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
    Box box = box_of(groups_[into]);
    std::vector<Vec> coming;
    for (const std::size_t q : groups_[from]) {
      coming.push_back(whole * placed_[q].at + shift);
      box.reach(coming.back());
    }
    if (!fits(box) || collide(groups_[into], coming)) return;
    for (const std::size_t q : groups_[from]) {
      Placed& piece = placed_[q];
      piece = {into, whole * piece.at + shift, whole * piece.turn, after(colours, piece.colours)};
      groups_[into].push_back(q);
    }
    groups_[from].clear();
  }

  /// Turns a group that lies across the frame.
  void upright(const std::vector<std::size_t>& group) {
    const Box box = box_of(group);
    if (box.height() <= grid_.rows && box.width() <= grid_.columns) return;
    const Turn quarter{{0, 1, -1, 0}};
    for (const std::size_t p : group) {
      placed_[p].at = quarter * placed_[p].at;
      placed_[p].turn = quarter * placed_[p].turn;
    }
  }

  shield::Grid grid_;
  JigsawRules rules_;
  PieceBorders borders_;
  std::vector<Placed> placed_;
  std::vector<std::vector<std::size_t>> groups_;
};

void check(std::span<const image::Image> pictures, std::size_t block) {
  if (pictures.empty()) throw ParameterError("a jigsaw needs a picture");
  const image::Image& first = pictures.front();
  for (const image::Image& p : pictures) {
    if (p.channels != 3) throw UnsupportedError("jigsaws are put together in images of three channels only");
    if (p.height != first.height || p.width != first.width) {
      throw MismatchError("jigsaws of several pictures are put together where all are of one size");
    }
  }
  const std::size_t pieces = block < 2 ? 0 : (first.height / block) * (first.width / block);
  if (pieces < 2 || pieces > kMostPieces || first.height % block != 0 || first.width % block != 0) {
    throw ParameterError(fmt::format("a picture of {}x{} is no jigsaw of 2 to {} blocks of {} pixels", first.width,
                                     first.height, kMostPieces, block));
  }
}

}  // namespace

Jigsaw solve_jigsaw(std::span<const image::Image> pictures, std::size_t block, const JigsawRules& rules) {
  check(pictures, block);
  const shield::Grid grid(pictures.front().height, pictures.front().width, block);
  Puzzle puzzle(pictures, grid, rules);
  puzzle.join();
  Jigsaw out{grid.rows, grid.columns, {}, {}};
  for (const Laid& laid : puzzle.finish()) {
    out.piece.push_back(laid.piece);
    out.lay.push_back({laid.turn.m, laid.colours.order, laid.colours.negative});
  }
  return out;
}

image::Image put_together(const Jigsaw& solved, const image::Image& picture, std::size_t block) {
  const shield::Grid grid(picture.height, picture.width, block);
  if (picture.channels != 3 || solved.rows != grid.rows || solved.columns != grid.columns ||
      solved.piece.size() != grid.count() || solved.lay.size() != grid.count()) {
    throw MismatchError("a jigsaw is put together of pictures of its own size");
  }
  image::Image out(picture.channels, picture.height, picture.width);
  const auto side = static_cast<int>(block);
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
          out.at(to_y, to_x, c) = lay.negative ? static_cast<std::uint8_t>(255 - v) : v;
        }
      }
    }
  }
  return out;
}

}  // namespace obscura::audit
