#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "audit/jigsaw/jigsaw_borders.h"

/// Internal to src/audit: which sides of which pieces go on into each other.
namespace obscura::audit {

/// Side a of piece i against side b of piece j, which is recoloured to fit i.
struct Link {
  double cost = 0;
  std::uint32_t i = 0, j = 0;
  std::uint8_t a = 0, b = 0;
  bool mirrored = false;  ///< one of them is, seen from the other
  Recolour change;
};

/// The borders of all pieces in all pictures that were shuffled alike.
class PieceBorders {
 public:
  PieceBorders(std::span<const image::Image> pictures, std::size_t block, const JigsawRules& rules);

  std::size_t pieces() const { return borders_.front().size(); }
  const std::vector<Recolour>& changes() const { return changes_; }
  /// The place of a change in changes().
  std::size_t index_of(const Recolour& change) const;

  /// Adds the mismatch, over all pictures, of side a of piece i and side b of piece j for every change of j.
  void add(std::size_t i, std::size_t a, std::size_t j, std::size_t b, bool mirrored, double* cost) const;

  /// The best few of each side, in order of how much better they are than the best with another piece.
  std::vector<Link> best_links() const;

 private:
  template <typename Take>
  void each_link(std::uint32_t i, std::uint32_t j, const Take& take) const;

  JigsawRules rules_;
  std::vector<Recolour> changes_;
  std::vector<std::size_t> index_;             // of changes, by their colours
  std::vector<std::vector<Borders>> borders_;  // [picture][piece]
};

}  // namespace obscura::audit
