#include "audit/statistics/match_nibbles.h"

#include <algorithm>

#include "audit/statistics/low_halves.h"
#include "audit/statistics/place_statistics.h"
#include "base/error.h"
#include "base/progress.h"

namespace obscura::audit {
namespace {

constexpr std::size_t kMostPictures = 3000;
constexpr float kMeanWeight = 3;
constexpr int kMostSweeps = 12;

/// A guess: where each plain block went, and its key.
struct Guess {
  Places places;
  std::vector<SignedPermutation> keys;
  double residual = 0;
};

/// Both sides, and what is worked out for each place once.
struct Sides {
  PlaceStatistics& plain;
  PlaceStatistics& hidden;
  std::size_t rows;
  std::size_t columns;
};

std::vector<FeatureStatistics> own_statistics(PlaceStatistics& side, const PlacedSamples& samples, std::size_t place) {
  std::vector<FeatureStatistics> out;
  for (std::size_t f = 0; f < side.features().size(); ++f) {
    MatrixF means = f == 0 ? imbalance(samples, place) : MatrixF(side.mean(f, place));
    out.push_back({side.features()[f].odd, {side.covariance(f, place, place)}, std::move(means)});
  }
  return out;
}

/// What each place of number i in place j of block b gains from blocks around it, whose keys are taken as right.
SignedPermutation sweep_block(const Sides& sides, const Guess& guess, std::size_t b) {
  const auto size = static_cast<Eigen::Index>(guess.keys[b].place.size());
  MatrixF gain[2] = {MatrixF::Zero(size, size), MatrixF::Zero(size, size)};  // even, odd
  for (std::size_t f = 0; f < sides.plain.features().size(); ++f) {
    const bool odd = sides.plain.features()[f].odd;
    MatrixF& g = gain[odd ? 1 : 0];
    g += kMeanWeight * sides.plain.mean(f, b) * sides.hidden.mean(f, guess.places[b]).transpose();
    for (const std::size_t c : neighbourhood(b, sides.rows, sides.columns)) {
      g.noalias() += guess.keys[c].columns(sides.plain.covariance(f, b, c), odd) *
                     sides.hidden.covariance(f, guess.places[b], guess.places[c]).transpose();
    }
  }
  return best_signed_permutation(gain[1], gain[0]);
}

double residual(const Sides& sides, const Guess& guess) {
  double difference = 0, whole = 0;
  for (std::size_t b = 0; b < guess.places.size(); ++b) {
    for (const std::size_t c : neighbourhood(b, sides.rows, sides.columns)) {
      for (std::size_t f = 0; f < sides.plain.features().size(); ++f) {
        const bool odd = sides.plain.features()[f].odd;
        const MatrixF half = guess.keys[c].columns(sides.plain.covariance(f, b, c), odd).transpose();
        const MatrixF there = guess.keys[b].columns(half, odd).transpose();
        const MatrixF& seen = sides.hidden.covariance(f, guess.places[b], guess.places[c]);
        difference += static_cast<double>((there - seen).squaredNorm());
        whole += static_cast<double>(there.squaredNorm() + seen.squaredNorm());
      }
    }
  }
  return whole > 0 ? difference / whole : 1;
}

/// A first key for a block: by what order and signs do not change, within it and towards all others.
SignedPermutation first_key(const std::vector<FeatureStatistics>& plain, const std::vector<FeatureStatistics>& hidden,
                            const MatrixF& plain_ties, const MatrixF& hidden_ties) {
  SignedPermutation key =
      match_rows(beside({signatures(plain), plain_ties}), beside({signatures(hidden), hidden_ties}));
  choose_signs(plain, hidden, key);
  return key;
}

/// Whether neighbours whose keys are settled say that a block's signs should all be turned over.
bool contradicts(const Sides& sides, const Guess& guess, std::size_t b, const std::vector<bool>& settled) {
  float agreement = 0;
  for (const std::size_t c : neighbourhood(b, sides.rows, sides.columns)) {
    if (!settled[c] || c == b) continue;
    const MatrixF half = guess.keys[c].columns(sides.plain.covariance(0, b, c)).transpose();
    const MatrixF& seen = sides.hidden.covariance(0, guess.places[b], guess.places[c]);
    agreement += guess.keys[b].columns(half).transpose().cwiseProduct(seen).sum();
  }
  return agreement < 0;
}

class EleMatch {
 public:
  EleMatch(const PlacedSamples& plain, const PlacedSamples& hidden)
      : plain_(plain, half_byte_features()),
        hidden_(hidden, half_byte_features()),
        sides_{plain_, hidden_, plain.rows, plain.columns} {
    for (std::size_t b = 0; b < plain.places(); ++b) {
      plain_own_.push_back(own_statistics(plain_, plain, b));
      hidden_own_.push_back(own_statistics(hidden_, hidden, b));
      plain_ties_.push_back(plain_.ties(b));
      hidden_ties_.push_back(hidden_.ties(b));
    }
  }

  Guess best(std::uint64_t seed) {
    Guess best;
    Progress progress("matching blocks", 0, "arrangements");
    for (Places& places :
         likely_places(plain_.graph(), hidden_.graph(), grid_symmetries(sides_.rows, sides_.columns), seed)) {
      Guess guess = with_places(std::move(places));
      if (best.keys.empty() || guess.residual < best.residual) best = std::move(guess);
      hidden_.forget();
      progress.advance();
    }
    return best;
  }

 private:
  Guess with_places(Places places) {
    Guess guess{std::move(places), {}, 1};
    const std::vector<Eigen::Index> order(guess.places.begin(), guess.places.end());
    for (std::size_t b = 0; b < order.size(); ++b) {
      const std::size_t to = guess.places[b];
      guess.keys.push_back(
          first_key(plain_own_[b], hidden_own_[to], plain_ties_[b], hidden_ties_[to](Eigen::all, order)));
    }
    align_signs(guess);
    for (int i = 0; i < kMostSweeps; ++i) {
      bool changed = false;
      for (std::size_t b = 0; b < order.size(); ++b) {
        SignedPermutation next = sweep_block(sides_, guess, b);
        changed = changed || !(next == guess.keys[b]);
        guess.keys[b] = std::move(next);
      }
      if (!changed) break;
    }
    fix_sign_of_all(guess);
    guess.residual = residual(sides_, guess);
    return guess;
  }

  /// Row after row, so that all but the first block have a settled neighbour; then the sign of all by the means.
  void align_signs(Guess& guess) {
    std::vector<bool> settled(guess.places.size());
    for (std::size_t b = 0; b < guess.places.size(); ++b) {
      if (contradicts(sides_, guess, b, settled)) turn_over(guess.keys[b]);
      settled[b] = true;
    }
    fix_sign_of_all(guess);
  }

  void fix_sign_of_all(Guess& guess) {
    float agreement = 0;
    for (std::size_t b = 0; b < guess.places.size(); ++b) {
      agreement += agreement_of_means(plain_own_[b], hidden_own_[guess.places[b]], guess.keys[b]);
    }
    if (agreement >= 0) return;
    for (SignedPermutation& key : guess.keys) turn_over(key);
  }

  PlaceStatistics plain_;
  PlaceStatistics hidden_;
  Sides sides_;
  std::vector<std::vector<FeatureStatistics>> plain_own_;
  std::vector<std::vector<FeatureStatistics>> hidden_own_;
  std::vector<MatrixF> plain_ties_;
  std::vector<MatrixF> hidden_ties_;
};

std::vector<image::Image> decipher(const PlacedSamples& hidden, const Guess& guess, std::size_t block) {
  std::vector<image::Image> out;
  PlacedSamples plain{1, hidden.rows, hidden.columns, hidden.size, {}};
  plain.values.resize(plain.places() * plain.size);
  for (std::size_t n = 0; n < hidden.count; ++n) {
    for (std::size_t b = 0; b < hidden.places(); ++b) {
      undo_half_bytes(guess.keys[b], hidden.block(n, guess.places[b]), plain.block(0, b));
    }
    out.push_back(write_blocks(plain, 0, block, Unit::halves));
  }
  return out;
}

}  // namespace

Recovered match_ele(std::span<const image::Image> ciphers, const image::Dataset& publics, std::size_t block,
                    std::uint64_t seed) {
  const std::size_t places = ciphers[0].height / block * (ciphers[0].width / block);
  const std::size_t most =
      pictures_within_memory(kMostPictures, places, 6 * block * block, half_byte_features().size());
  const PlacedSamples hidden = read_blocks(ciphers, block, Unit::halves);
  const PlacedSamples plain = read_blocks(publics, std::min(publics.count, most), block, Unit::halves);
  if (plain.rows != hidden.rows || plain.columns != hidden.columns) {
    throw MismatchError("where blocks are shuffled, public images must be as large as the protected ones");
  }
  PlacedSamples some = hidden;
  some.count = std::min(hidden.count, most);
  Guess guess = EleMatch(plain, some).best(seed);
  for (std::size_t b = 0; b < guess.keys.size(); ++b) {
    const std::size_t place[] = {guess.places[b]};
    settle_low_halves(hidden, place, block, guess.keys[b]);
  }
  return {decipher(hidden, guess, block), {{"residual", guess.residual}}};
}

}  // namespace obscura::audit
