#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "audit/jigsaw/jigsaw_links.h"
#include "audit/jigsaw/jigsaw_turns.h"

/// Internal to src/audit: the frame of a puzzle, filled from what already lies in it.
namespace obscura::audit {

/// How a piece lies.
struct Laid {
  std::size_t piece = 0;
  Turn turn;
  Recolour colours;
};

/// Row after row.
class Frame {
 public:
  Frame(const PieceBorders& borders, const JigsawRules& rules, std::size_t rows, std::size_t columns);

  void put(std::size_t place, const Laid& laid);
  /// Lays every piece that is left: of all free places beside a piece and all pieces, what fits best, one by one.
  void fill();
  /// Of a frame that is full.
  std::vector<Laid> laid() const;

 private:
  struct Offer {
    double cost = 0;  ///< infinite: there is no neighbour yet
    Laid laid;
  };

  template <typename Body>
  void each_neighbour(std::size_t place, const Body& body) const;
  Offer best_offer(std::size_t place) const;
  void try_piece(std::size_t place, std::size_t piece, Offer& best) const;
  void add_costs(const Laid& there, const Vec& outwards, std::size_t piece, const Turn& turn,
                 std::vector<double>& cost) const;

  const PieceBorders& borders_;
  JigsawRules rules_;
  std::size_t rows_;
  std::size_t columns_;
  std::vector<std::optional<Laid>> places_;
  std::vector<bool> used_;
};

}  // namespace obscura::audit
