#include "audit/jigsaw/colour_pieces.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "audit/algebra/assignment.h"
#include "audit/algebra/signed_permutation.h"
#include "audit/jigsaw/jigsaw_turns.h"
#include "base/error.h"
#include "base/progress.h"
#include "shield/blocks.h"

namespace obscura::audit {
namespace {

// Grey levels of contrast below which a block is like any other.
constexpr float kFlat = 1;
constexpr std::size_t kKept = 12;  ///< best partners of a block

Eigen::Index index(std::size_t v) {
  return static_cast<Eigen::Index>(v);
}

/// Two blocks and how the second, turned and perhaps negative, is like the first.
struct Pair {
  float likeness = 0;
  std::size_t i = 0, j = 0, turn = 0;
  bool negative = false;
};

/// Sample i of a block that was turned is sample source[i] of it before.
std::vector<std::size_t> sources(const Turn& turn, std::size_t block) {
  std::vector<std::size_t> out(block * block);
  const auto side = static_cast<int>(block);
  for (int y = 0; y < side; ++y) {
    for (int x = 0; x < side; ++x) {
      const Vec to = turn * Vec{2 * y - side + 1, 2 * x - side + 1};
      out[static_cast<std::size_t>((to.y + side - 1) / 2 * side + (to.x + side - 1) / 2)] =
          static_cast<std::size_t>(y * side + x);
    }
  }
  return out;
}

/// A column a block: its samples in all pictures, less the mean of each, of length 1 unless it is flat. How bright
/// blocks are would tell neighbours less well from other colours.
MatrixF columns_of(std::span<const image::Image> pictures, const shield::Grid& grid) {
  const std::size_t area = grid.side * grid.side;
  MatrixF out(pictures.size() * area, grid.count());
  for (std::size_t b = 0; b < grid.count(); ++b) {
    for (std::size_t n = 0; n < pictures.size(); ++n) {
      for (std::size_t i = 0; i < area; ++i) {
        out(index(n * area + i), index(b)) =
            pictures[n].at(grid.top(b) + i / grid.side, grid.left(b) + i % grid.side, 0);
      }
    }
  }
  for (std::size_t n = 0; n < pictures.size(); ++n) {
    auto part = out.middleRows(index(n * area), index(area));
    part.rowwise() -= part.colwise().mean().eval();
  }
  const float flat = kFlat * std::sqrt(static_cast<float>(out.rows()));
  return out * (out.colwise().norm().array() + flat).inverse().matrix().asDiagonal();
}

MatrixF turned(const MatrixF& columns, const std::vector<std::size_t>& source) {
  MatrixF out(columns.rows(), columns.cols());
  const std::size_t area = source.size();
  for (std::size_t r = 0; r < static_cast<std::size_t>(columns.rows()); ++r) {
    out.row(index(r)) = columns.row(index(r / area * area + source[r % area]));
  }
  return out;
}

/// The best partners of each block, most alike first.
std::vector<Pair> best_pairs(const MatrixF& columns, std::size_t block) {
  const auto count = static_cast<std::size_t>(columns.cols());
  std::vector<MatrixF> forms;
  for (const Turn& turn : all_turns()) forms.push_back(turned(columns, sources(turn, block)));
  std::vector<Pair> out;
  Progress progress("comparing blocks", count, "blocks");
  for (std::size_t i = 0; i < count; ++i, progress.advance()) {
    std::vector<Pair> best(count);
    for (std::size_t j = 0; j < count; ++j) best[j] = {-1, i, j, 0, false};
    for (std::size_t t = 0; t < forms.size(); ++t) {
      const VectorF likeness = forms[t].transpose() * columns.col(index(i));
      for (std::size_t j = 0; j < count; ++j) {
        const float v = likeness[index(j)];
        if (std::abs(v) > best[j].likeness) best[j] = {std::abs(v), i, j, t, v < 0};
      }
    }
    std::erase_if(best, [&](const Pair& p) { return p.j == i; });
    const auto middle = best.begin() + static_cast<std::ptrdiff_t>(std::min(kKept, best.size()));
    std::partial_sort(best.begin(), middle, best.end(),
                      [](const Pair& a, const Pair& b) { return a.likeness > b.likeness; });
    out.insert(out.end(), best.begin(), middle);
  }
  std::stable_sort(out.begin(), out.end(), [](const Pair& a, const Pair& b) { return a.likeness > b.likeness; });
  return out;
}

using Group = std::vector<std::size_t>;

/// Groups of up to three, the most alike first.
std::vector<Group> joined(const std::vector<Pair>& pairs, std::size_t count) {
  std::vector<std::size_t> group_of(count);
  std::vector<Group> groups(count);
  for (std::size_t b = 0; b < count; ++b) groups[b] = {b}, group_of[b] = b;
  for (const Pair& pair : pairs) {
    const std::size_t into = group_of[pair.i], from = group_of[pair.j];
    if (into == from || groups[into].size() + groups[from].size() > 3) continue;
    for (const std::size_t b : groups[from]) groups[into].push_back(b), group_of[b] = into;
    groups[from].clear();
  }
  std::erase_if(groups, [](const Group& g) { return g.empty(); });
  return groups;
}

/// Groups of three: pairs take the single that is most like them; where singles are too few, the last pairs part.
std::vector<Group> triples(std::vector<Group> groups, const MatrixF& likeness) {
  std::vector<Group> out, pairs;
  Group singles;
  for (Group& group : groups) {
    if (group.size() == 3)
      out.push_back(std::move(group));
    else if (group.size() == 2)
      pairs.push_back(std::move(group));
    else
      singles.push_back(group[0]);
  }
  while (pairs.size() > singles.size()) {
    const Group last = pairs.back();
    pairs.pop_back();
    singles.insert(singles.end(), last.begin(), last.end());
  }
  std::vector<double> cost;
  for (const Group& pair : pairs) {
    for (const std::size_t s : singles) {
      cost.push_back(-static_cast<double>(likeness(index(pair[0]), index(s)) + likeness(index(pair[1]), index(s))));
    }
  }
  std::vector<bool> used(singles.size());
  if (!pairs.empty()) {
    const auto chosen = assign(cost, pairs.size(), singles.size());
    for (std::size_t p = 0; p < pairs.size(); ++p) {
      pairs[p].push_back(singles[chosen[p]]);
      used[chosen[p]] = true;
      out.push_back(pairs[p]);
    }
  }
  Group rest;
  for (std::size_t s = 0; s < singles.size(); ++s) {
    if (!used[s]) rest.push_back(singles[s]);
  }
  for (std::size_t s = 0; s + 2 < rest.size(); s += 3) out.push_back({rest[s], rest[s + 1], rest[s + 2]});
  return out;
}

/// How block j lies beside block i.
Lay lay_of(const std::vector<MatrixF>& forms, std::size_t i, std::size_t j) {
  float most = -1;
  Lay out;
  for (std::size_t t = 0; t < forms.size(); ++t) {
    const float v = forms[t].col(index(j)).dot(forms[0].col(index(i)));
    if (std::abs(v) <= most) continue;
    most = std::abs(v);
    out.turn = all_turns()[t].m;
    out.negative = v < 0;
  }
  return out;
}

/// Between the blocks that are in no triple yet; the others' stay zero.
MatrixF likeness_of(const std::vector<MatrixF>& forms, const std::vector<Group>& groups) {
  std::vector<Eigen::Index> open;
  for (const Group& group : groups) {
    if (group.size() < 3) open.insert(open.end(), group.begin(), group.end());
  }
  MatrixF out = MatrixF::Zero(forms[0].cols(), forms[0].cols());
  const MatrixF own = forms[0](Eigen::all, open);
  MatrixF best = MatrixF::Zero(index(open.size()), index(open.size()));
  for (const MatrixF& form : forms) {
    best = best.cwiseMax((own.transpose() * form(Eigen::all, open)).cwiseAbs());
  }
  out(open, open) = best;
  return out;
}

void check(std::span<const image::Image> pictures, std::size_t block) {
  if (pictures.empty() || block < 2) throw ParameterError("colours are found in one picture or more, in blocks");
  for (const image::Image& p : pictures) {
    if (p.channels != 1 || p.height != pictures[0].height || p.width != pictures[0].width || p.height == 0 ||
        p.width == 0 || p.height % block != 0 || p.width % (3 * block) != 0) {
      throw MismatchError("colours are found in grey pictures of one shape, a multiple of three blocks wide");
    }
  }
}

}  // namespace

std::vector<ColourPiece> find_colour_pieces(std::span<const image::Image> pictures, std::size_t block) {
  check(pictures, block);
  const shield::Grid grid(pictures[0].height, pictures[0].width, block);
  const MatrixF columns = columns_of(pictures, grid);
  std::vector<MatrixF> forms;
  for (const Turn& turn : all_turns()) forms.push_back(turned(columns, sources(turn, block)));
  const std::vector<Group> groups = joined(best_pairs(columns, block), grid.count());
  std::vector<ColourPiece> out;
  for (const Group& group : triples(groups, likeness_of(forms, groups))) {
    ColourPiece piece;
    for (std::size_t c = 0; c < 3; ++c) {
      piece.block[c] = group[c];
      if (c > 0) piece.lay[c] = lay_of(forms, group[0], group[c]);
    }
    out.push_back(piece);
  }
  return out;
}

image::Image in_colour(std::span<const ColourPiece> pieces, const image::Image& picture, std::size_t block) {
  const shield::Grid from(picture.height, picture.width, block), to(picture.height, picture.width / 3, block);
  if (picture.channels != 1 || pieces.size() != to.count() || 3 * to.count() != from.count()) {
    throw MismatchError("colour pieces are for pictures of as many blocks");
  }
  image::Image out(3, picture.height, picture.width / 3);
  for (std::size_t p = 0; p < pieces.size(); ++p) {
    for (std::size_t c = 0; c < 3; ++c) {
      const auto source = sources({pieces[p].lay[c].turn}, block);
      for (std::size_t i = 0; i < source.size(); ++i) {
        const std::size_t b = pieces[p].block[c];
        const std::uint8_t v = picture.at(from.top(b) + source[i] / block, from.left(b) + source[i] % block, 0);
        out.at(to.top(p) + i / block, to.left(p) + i % block, c) =
            pieces[p].lay[c].negative ? static_cast<std::uint8_t>(255 - v) : v;
      }
    }
  }
  return out;
}

PiecePlaces places_of_colours(std::span<const ColourPiece> pieces, const PiecePlaces& places, std::size_t columns) {
  PiecePlaces out;
  for (const ColourPiece& piece : pieces) {
    std::map<std::size_t, std::array<bool, 3>> seen;
    for (std::size_t c = 0; c < 3; ++c) {
      for (const std::size_t s : places[piece.block[c]]) {
        seen[s / (3 * columns) * columns + s % (3 * columns) % columns][c] = true;
      }
    }
    out.emplace_back();
    for (const auto& [place, all] : seen) {
      if (all[0] && all[1] && all[2]) out.back().push_back(place);
    }
  }
  return out;
}

}  // namespace obscura::audit
