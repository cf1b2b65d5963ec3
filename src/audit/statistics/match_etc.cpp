#include "audit/statistics/match_etc.h"

#include <algorithm>
#include <limits>

#include "audit/statistics/place_statistics.h"
#include "base/error.h"
#include "base/progress.h"

namespace obscura::audit {
namespace {

constexpr std::size_t kMostPictures = 5000;
constexpr std::size_t kStates = 96;
constexpr float kMeanWeight = 1;
constexpr int kMostSweeps = 12;

/// What state number `state` does to a block of `side` pixels.
SignedPermutation key_of(std::size_t state, std::size_t side) {
  SignedPermutation out{std::vector<std::size_t>(3 * side * side), std::vector<float>(3 * side * side)};
  const std::uint8_t* order = shield::kColourOrders[state / 16];
  for (std::size_t y = 0; y < side; ++y) {
    for (std::size_t x = 0; x < side; ++x) {
      std::size_t v = (state & 1) != 0 ? x : y, u = (state & 1) != 0 ? y : x;
      if ((state & 2) != 0) v = side - 1 - v;
      if ((state & 4) != 0) u = side - 1 - u;
      for (std::size_t c = 0; c < 3; ++c) {
        const std::size_t plain = 3 * (v * side + u) + order[c];
        out.place[plain] = 3 * (y * side + x) + c;
        out.sign[plain] = (state & 8) != 0 ? -1.0F : 1.0F;
      }
    }
  }
  return out;
}

/// So many cells a side that a block is looked at in: a divisor of its side.
std::size_t cells_of(std::size_t block) {
  if (block <= 8) return block;
  for (std::size_t cells = 5; cells > 2; --cells) {
    if (block % cells == 0) return cells;
  }
  if (block <= 16) return block;
  throw UnsupportedError("blocks of " + std::to_string(block) + " pixels cannot be matched in less detail");
}

struct Guess {
  Places places;
  std::vector<std::size_t> states;
  double residual = 0;
};

class EtcMatch {
 public:
  EtcMatch(const PlacedSamples& plain, const PlacedSamples& hidden, std::size_t side)
      : plain_(plain, byte_features()), hidden_(hidden, byte_features()), rows_(plain.rows), columns_(plain.columns) {
    for (std::size_t s = 0; s < kStates; ++s) keys_.push_back(key_of(s, side));
  }

  Guess best(std::uint64_t seed) {
    Guess best;
    Progress progress("matching blocks", 0, "arrangements");
    for (Places& places : likely_places(plain_.graph(), hidden_.graph(), rows_, columns_, seed)) {
      Guess guess = with_places(std::move(places));
      if (best.states.empty() || guess.residual < best.residual) best = std::move(guess);
      hidden_.forget();
      progress.advance();
    }
    return best;
  }

 private:
  using Scores = std::vector<float>;

  Guess with_places(Places places) {
    std::vector<Scores> own;
    for (std::size_t b = 0; b < places.size(); ++b) own.push_back(own_scores(b, places[b]));
    Guess best{places, {}, std::numeric_limits<double>::infinity()};
    for (std::size_t first = 0; first < kStates; ++first) {
      Guess guess{places, std::vector<std::size_t>(places.size()), 0};
      spread(own, first, guess);
      guess.residual = residual(guess);
      if (guess.residual < best.residual) best = std::move(guess);
    }
    for (int i = 0; i < kMostSweeps && sweep(own, best); ++i) {
    }
    best.residual = residual(best);
    return best;
  }

  /// What each state of a block gains from the block itself.
  Scores own_scores(std::size_t b, std::size_t to) {
    Scores out;
    const MatrixF &x = plain_.covariance(0, b, b), &y = hidden_.covariance(0, to, to);
    for (const SignedPermutation& key : keys_) {
      const MatrixF half = key.columns(x).transpose();
      const VectorF means = key.columns(plain_.mean(0, b).transpose()).transpose();
      out.push_back(key.columns(half).cwiseProduct(y.transpose()).sum() + kMeanWeight * means.dot(hidden_.mean(0, to)));
    }
    return out;
  }

  /// The best state of a block, given those of the neighbours that are settled.
  std::size_t best_state(const Scores& own, const Guess& guess, std::size_t b, const std::vector<bool>& settled) {
    const MatrixF& self = plain_.covariance(0, b, b);
    MatrixF gain = MatrixF::Zero(self.rows(), self.cols());
    for (const std::size_t c : neighbourhood(b, rows_, columns_)) {
      if (c == b || !settled[c]) continue;
      gain.noalias() += keys_[guess.states[c]].columns(plain_.covariance(0, b, c)) *
                        hidden_.covariance(0, guess.places[b], guess.places[c]).transpose();
    }
    std::size_t best = 0;
    float most = -std::numeric_limits<float>::infinity();
    for (std::size_t s = 0; s < kStates; ++s) {
      float score = own[s];
      for (std::size_t i = 0; i < keys_[s].place.size(); ++i) {
        score +=
            2 * keys_[s].sign[i] * gain(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(keys_[s].place[i]));
      }
      if (score <= most) continue;
      most = score;
      best = s;
    }
    return best;
  }

  /// From the first block, which is said to be in state `first`, row after row.
  void spread(const std::vector<Scores>& own, std::size_t first, Guess& guess) {
    std::vector<bool> settled(guess.places.size());
    guess.states[0] = first;
    settled[0] = true;
    for (std::size_t b = 1; b < settled.size(); ++b) {
      guess.states[b] = best_state(own[b], guess, b, settled);
      settled[b] = true;
    }
  }

  bool sweep(const std::vector<Scores>& own, Guess& guess) {
    const std::vector<bool> settled(guess.places.size(), true);
    bool changed = false;
    for (std::size_t b = 0; b < guess.places.size(); ++b) {
      const std::size_t state = best_state(own[b], guess, b, settled);
      changed = changed || state != guess.states[b];
      guess.states[b] = state;
    }
    return changed;
  }

  double residual(const Guess& guess) {
    double difference = 0, whole = 0;
    for (std::size_t b = 0; b < guess.places.size(); ++b) {
      const std::size_t to = guess.places[b];
      const VectorF means = keys_[guess.states[b]].columns(plain_.mean(0, b).transpose()).transpose();
      difference += static_cast<double>((means - hidden_.mean(0, to)).squaredNorm());
      whole += static_cast<double>(means.squaredNorm() + hidden_.mean(0, to).squaredNorm());
      for (const std::size_t c : neighbourhood(b, rows_, columns_)) {
        const MatrixF half = keys_[guess.states[c]].columns(plain_.covariance(0, b, c)).transpose();
        const MatrixF there = keys_[guess.states[b]].columns(half).transpose();
        const MatrixF& seen = hidden_.covariance(0, to, guess.places[c]);
        difference += static_cast<double>((there - seen).squaredNorm());
        whole += static_cast<double>(there.squaredNorm() + seen.squaredNorm());
      }
    }
    return whole > 0 ? difference / whole : 1;
  }

  PlaceStatistics plain_;
  PlaceStatistics hidden_;
  std::size_t rows_;
  std::size_t columns_;
  std::vector<SignedPermutation> keys_;
};

/// Pictures of which every block is left `cells` pixels a side.
std::vector<image::Image> reduced(std::span<const image::Image> pictures, std::size_t block, std::size_t cells) {
  std::vector<image::Image> out;
  for (const image::Image& p : pictures) {
    out.push_back(cells == block ? p : image::resize(p, p.height / block * cells, p.width / block * cells));
  }
  return out;
}

std::vector<image::Image> some_publics(const image::Dataset& publics, std::size_t block, std::size_t most) {
  std::vector<image::Image> out;
  for (std::size_t n = 0; n < std::min(publics.count, most); ++n) {
    out.push_back(shield::pad(publics.image(n), block));
  }
  return out;
}

image::Image decipher(const PlacedSamples& hidden, std::size_t picture, const Guess& guess,
                      const std::vector<SignedPermutation>& keys, std::size_t block) {
  PlacedSamples plain{1, hidden.rows, hidden.columns, hidden.size, {}};
  plain.values.resize(plain.places() * plain.size);
  for (std::size_t b = 0; b < hidden.places(); ++b) {
    const SignedPermutation& key = keys[guess.states[b]];
    const std::uint8_t* from = hidden.block(picture, guess.places[b]);
    for (std::size_t i = 0; i < hidden.size; ++i) {
      const std::uint8_t v = from[key.place[i]];
      plain.block(0, b)[i] = key.sign[i] < 0 ? static_cast<std::uint8_t>(255 - v) : v;
    }
  }
  return write_blocks(plain, 0, block, Unit::samples);
}

}  // namespace

Recovered match_etc(std::span<const image::Image> ciphers, const image::Dataset& publics, std::size_t block,
                    std::uint64_t seed) {
  const std::size_t cells = cells_of(block);
  const std::size_t places = ciphers[0].height / block * (ciphers[0].width / block);
  const std::size_t most = pictures_within_memory(kMostPictures, places, 3 * cells * cells, byte_features().size());
  const PlacedSamples hidden = read_blocks(ciphers, block, Unit::samples);
  const auto few = ciphers.first(std::min(ciphers.size(), most));
  const PlacedSamples some = read_blocks(reduced(few, block, cells), cells, Unit::samples);
  const PlacedSamples plain =
      read_blocks(reduced(some_publics(publics, block, most), block, cells), cells, Unit::samples);
  if (plain.rows != hidden.rows || plain.columns != hidden.columns) {
    throw MismatchError("where blocks are shuffled, public images must be as large as the protected ones");
  }
  const Guess guess = EtcMatch(plain, some, cells).best(seed);
  std::vector<SignedPermutation> keys;
  for (std::size_t s = 0; s < kStates; ++s) keys.push_back(key_of(s, block));
  Recovered out;
  for (std::size_t n = 0; n < hidden.count; ++n) out.images.push_back(decipher(hidden, n, guess, keys, block));
  out.figures = {{"residual", guess.residual}};
  return out;
}

}  // namespace obscura::audit
