#include "audit/statistics/match_etc.h"

#include <algorithm>
#include <limits>

#include "audit/statistics/place_statistics.h"
#include "base/error.h"
#include "base/progress.h"

namespace obscura::audit {
namespace {

constexpr std::size_t kMostPictures = 5000;
constexpr std::size_t kStates = 96, kGreyStates = 16;
constexpr float kMeanWeight = 1;
constexpr int kMostSweeps = 12;

/// What state number `state` does to a block of `side` pixels in so many colours.
SignedPermutation key_of(std::size_t state, std::size_t side, std::size_t channels) {
  const std::size_t size = channels * side * side;
  SignedPermutation out{std::vector<std::size_t>(size), std::vector<float>(size)};
  const std::uint8_t* order = shield::kColourOrders[state / 16];
  for (std::size_t y = 0; y < side; ++y) {
    for (std::size_t x = 0; x < side; ++x) {
      std::size_t v = (state & 1) != 0 ? x : y, u = (state & 1) != 0 ? y : x;
      if ((state & 2) != 0) v = side - 1 - v;
      if ((state & 4) != 0) u = side - 1 - u;
      for (std::size_t c = 0; c < channels; ++c) {
        const std::size_t plain = channels * (v * side + u) + order[c];
        out.place[plain] = channels * (y * side + x) + c;
        out.sign[plain] = (state & 8) != 0 ? -1.0F : 1.0F;
      }
    }
  }
  return out;
}

std::vector<SignedPermutation> keys_of(std::size_t side, std::size_t channels) {
  std::vector<SignedPermutation> out;
  for (std::size_t s = 0; s < (channels == 3 ? kStates : kGreyStates); ++s) out.push_back(key_of(s, side, channels));
  return out;
}

/// Places of blocks: a grid, or three planes of one side by side.
struct Layout {
  std::size_t rows = 0;
  std::size_t columns = 0;  ///< of a plane
  std::size_t planes = 1;

  std::size_t place(std::size_t plane, std::size_t y, std::size_t x) const {
    return (y * planes + plane) * columns + x;
  }

  /// The places next to one, those of its own in other planes, and itself.
  std::vector<std::size_t> ties(std::size_t b) const {
    const std::size_t plane = b / columns % planes, y = b / columns / planes, x = b % columns;
    std::vector<std::size_t> out;
    for (const std::size_t n : neighbourhood(y * columns + x, rows, columns)) {
      out.push_back(place(plane, n / columns, n % columns));
    }
    for (std::size_t p = 0; p < planes; ++p) {
      if (p != plane) out.push_back(place(p, y, x));
    }
    return out;
  }

  /// Of the grid, and of planes among each other.
  std::vector<Places> symmetries() const {
    std::vector<Places> out;
    for (const Places& within : grid_symmetries(rows, columns)) {
      for (std::size_t o = 0; o < (planes == 3 ? 6U : 1U); ++o) {
        Places places(rows * columns * planes);
        for (std::size_t b = 0; b < within.size(); ++b) {
          for (std::size_t p = 0; p < planes; ++p) {
            places[place(p, b / columns, b % columns)] =
                place(shield::kColourOrders[o][p], within[b] / columns, within[b] % columns);
          }
        }
        out.push_back(std::move(places));
      }
    }
    return out;
  }
};

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
  EtcMatch(const PlacedSamples& plain, const PlacedSamples& hidden, std::size_t side, std::size_t planes)
      : plain_(plain, byte_features()),
        hidden_(hidden, byte_features()),
        layout_{plain.rows, plain.columns / planes, planes},
        keys_(keys_of(side, planes == 1 ? 3 : 1)) {}

  Guess best(std::uint64_t seed) {
    Guess best;
    Progress progress("matching blocks", 0, "arrangements");
    for (Places& places : likely_places(plain_.graph(), hidden_.graph(), layout_.symmetries(), seed)) {
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
    for (std::size_t first = 0; first < keys_.size(); ++first) {
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
    for (const std::size_t c : layout_.ties(b)) {
      if (c == b || !settled[c]) continue;
      gain.noalias() += keys_[guess.states[c]].columns(plain_.covariance(0, b, c)) *
                        hidden_.covariance(0, guess.places[b], guess.places[c]).transpose();
    }
    std::size_t best = 0;
    float most = -std::numeric_limits<float>::infinity();
    for (std::size_t s = 0; s < keys_.size(); ++s) {
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
      for (const std::size_t c : layout_.ties(b)) {
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
  Layout layout_;
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

std::vector<image::Image> some_publics(const image::Dataset& publics, std::size_t block, std::size_t most,
                                       std::size_t planes) {
  if (publics.channels != 3) throw MismatchError("public images have no colours, protected ones have");
  std::vector<image::Image> out;
  for (std::size_t n = 0; n < std::min(publics.count, most); ++n) {
    const image::Image padded = shield::pad(publics.image(n), block);
    out.push_back(planes == 3 ? shield::planes_beside(padded) : padded);
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
  const std::size_t channels = hidden.size / (block * block);
  const image::Image out = write_blocks(plain, 0, block, Unit::samples, channels);
  return channels == 1 ? shield::from_planes_beside(out) : out;
}

}  // namespace

Recovered match_etc(std::span<const image::Image> ciphers, const image::Dataset& publics, std::size_t block,
                    std::uint64_t seed, std::size_t planes) {
  const std::size_t cells = cells_of(block), channels = planes == 1 ? 3 : 1;
  const std::size_t places = ciphers[0].height / block * (ciphers[0].width / block);
  const std::size_t most =
      pictures_within_memory(kMostPictures, places, channels * cells * cells, byte_features().size());
  const PlacedSamples hidden = read_blocks(ciphers, block, Unit::samples, channels);
  const auto few = ciphers.first(std::min(ciphers.size(), most));
  const PlacedSamples some = read_blocks(reduced(few, block, cells), cells, Unit::samples, channels);
  const PlacedSamples plain =
      read_blocks(reduced(some_publics(publics, block, most, planes), block, cells), cells, Unit::samples, channels);
  if (plain.rows != hidden.rows || plain.columns != hidden.columns) {
    throw MismatchError("where blocks are shuffled, public images must be as large as the protected ones");
  }
  const Guess guess = EtcMatch(plain, some, cells, planes).best(seed);
  const std::vector<SignedPermutation> keys = keys_of(block, channels);
  Recovered out;
  for (std::size_t n = 0; n < hidden.count; ++n) out.images.push_back(decipher(hidden, n, guess, keys, block));
  out.figures = {{"residual", guess.residual}};
  return out;
}

}  // namespace obscura::audit
