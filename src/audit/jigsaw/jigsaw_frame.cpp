#include "audit/jigsaw/jigsaw_frame.h"

#include <limits>

#include "base/progress.h"

namespace obscura::audit {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

}  // namespace

Frame::Frame(const PieceBorders& borders, const JigsawRules& rules, std::size_t rows, std::size_t columns)
    : borders_(borders),
      rules_(rules),
      rows_(rows),
      columns_(columns),
      places_(rows * columns),
      used_(borders.pieces()) {}

void Frame::put(std::size_t place, const Laid& laid) {
  places_[place] = laid;
  used_[laid.piece] = true;
}

void Frame::fill() {
  std::vector<Offer> offers(places_.size());
  std::size_t left = 0;
  for (std::size_t s = 0; s < places_.size(); ++s) {
    if (places_[s]) continue;
    offers[s] = best_offer(s);
    ++left;
  }
  Progress progress("filling the puzzle", left, "pieces");
  for (; left > 0; --left, progress.advance()) {
    std::size_t best = places_.size();
    for (std::size_t s = 0; s < places_.size(); ++s) {
      if (!places_[s] && (best == places_.size() || offers[s].cost < offers[best].cost)) best = s;
    }
    const Laid laid = offers[best].laid;
    put(best, laid);
    // What the new piece changes: its neighbours' offers, and those that were of itself.
    for (std::size_t s = 0; s < places_.size(); ++s) {
      if (!places_[s] && offers[s].cost < kInfinity && offers[s].laid.piece == laid.piece) offers[s] = best_offer(s);
    }
    each_neighbour(best, [&](std::size_t s, const Vec&) {
      if (!places_[s]) offers[s] = best_offer(s);
    });
  }
}

std::vector<Laid> Frame::laid() const {
  std::vector<Laid> out;
  for (const auto& place : places_) out.push_back(*place);
  return out;
}

/// body(place, direction) for the places beside one.
template <typename Body>
void Frame::each_neighbour(std::size_t place, const Body& body) const {
  const Vec at{static_cast<int>(place / columns_), static_cast<int>(place % columns_)};
  for (const Vec& outwards : kOutwards) {
    const Vec beside = at + outwards;
    if (beside.y < 0 || beside.x < 0 || static_cast<std::size_t>(beside.y) >= rows_ ||
        static_cast<std::size_t>(beside.x) >= columns_) {
      continue;
    }
    body(static_cast<std::size_t>(beside.y) * columns_ + static_cast<std::size_t>(beside.x), outwards);
  }
}

Frame::Offer Frame::best_offer(std::size_t place) const {
  Offer best{kInfinity, {}};
  for (std::size_t q = 0; q < used_.size(); ++q) {
    if (!used_[q]) try_piece(place, q, best);
  }
  return best;
}

void Frame::try_piece(std::size_t place, std::size_t piece, Offer& best) const {
  std::vector<double> sum(borders_.changes().size());
  for (const Turn& turn : all_turns()) {
    if (!rules_.turned && turn.m != Turn{}.m) continue;
    std::fill(sum.begin(), sum.end(), 0);
    int neighbours = 0;
    each_neighbour(place, [&](std::size_t s, const Vec& outwards) {
      if (!places_[s]) return;
      add_costs(*places_[s], -outwards, piece, turn, sum);
      ++neighbours;
    });
    if (neighbours == 0) return;
    for (std::size_t n = 0; n < sum.size(); ++n) {
      if (sum[n] / neighbours >= best.cost) continue;
      best = {sum[n] / neighbours, {piece, turn, borders_.changes()[n]}};
    }
  }
}

/// Of a piece that lies there and one that would come to lie next to it, in direction `outwards` from it, in each of
/// the colours.
void Frame::add_costs(const Laid& there, const Vec& outwards, std::size_t piece, const Turn& turn,
                      std::vector<double>& cost) const {
  std::vector<double> of_change(cost.size());
  borders_.add(there.piece, side_towards(there.turn, outwards), piece, side_towards(turn, -outwards),
               there.turn.determinant() != turn.determinant(), of_change.data());
  for (std::size_t n = 0; n < cost.size(); ++n) {
    cost[borders_.index_of(after(there.colours, borders_.changes()[n]))] += of_change[n];
  }
}

}  // namespace obscura::audit
