#include "audit/statistics/low_halves.h"

#include <algorithm>

namespace obscura::audit {
namespace {

constexpr int kRounds = 4;
constexpr std::size_t kMostBlocks = 100'000;

/// Neighbours of a sample in its block: the same colour, one pixel away.
std::vector<std::vector<std::size_t>> neighbours_in_block(std::size_t side) {
  std::vector<std::vector<std::size_t>> out(3 * side * side);
  for (std::size_t i = 0; i < out.size(); ++i) {
    const std::size_t y = i / (3 * side), x = i / 3 % side;
    if (y > 0) out[i].push_back(i - 3 * side);
    if (y + 1 < side) out[i].push_back(i + 3 * side);
    if (x > 0) out[i].push_back(i - 3);
    if (x + 1 < side) out[i].push_back(i + 3);
  }
  return out;
}

/// Gathers how each hidden lower half goes with what each plain one is expected to be.
class Expectation {
 public:
  Expectation(std::size_t side, const SignedPermutation& key, bool low_known)
      : key_(key), low_known_(low_known), neighbours_(neighbours_in_block(side)), samples_(neighbours_.size()) {}

  void add(const std::uint8_t* hidden, float* expected, float* seen) {
    const std::size_t n = samples_.size();
    for (std::size_t i = 0; i < n; ++i) {
      const float low = low_known_ ? plain(hidden, i) : 7.5F;
      samples_[i] = 16 * plain(hidden, n + i) + low;
    }
    for (std::size_t i = 0; i < n; ++i) {
      float sum = 0;
      for (const std::size_t j : neighbours_[i]) sum += samples_[j];
      const float low = sum / static_cast<float>(neighbours_[i].size()) - 16 * plain(hidden, n + i);
      // Across an edge the neighbours say nothing.
      expected[i] = low < -16 || low > 31 ? 0 : std::clamp(low, 0.0F, 15.0F) - 7.5F;
      seen[i] = static_cast<float>(hidden[key_.place[i]]) - 7.5F;
    }
  }

 private:
  float plain(const std::uint8_t* hidden, std::size_t i) const {
    const auto v = static_cast<float>(hidden[key_.place[i]]);
    return key_.sign[i] < 0 ? 15 - v : v;
  }

  const SignedPermutation& key_;
  bool low_known_;
  std::vector<std::vector<std::size_t>> neighbours_;
  std::vector<float> samples_;
};

}  // namespace

void settle_low_halves(const PlacedSamples& hidden, std::span<const std::size_t> places, std::size_t side,
                       SignedPermutation& key) {
  const std::size_t n = hidden.size / 2;
  const std::size_t pictures = std::clamp<std::size_t>(kMostBlocks / places.size(), 1, hidden.count);
  const auto size = static_cast<Eigen::Index>(n);
  // A column a block, so that each is written in one piece.
  MatrixF expected(size, static_cast<Eigen::Index>(pictures * places.size())), seen = expected;
  for (int round = 0; round < kRounds; ++round) {
    Expectation expectation(side, key, round > 0);
    Eigen::Index at = 0;
    for (std::size_t p = 0; p < pictures; ++p) {
      for (const std::size_t b : places) {
        expectation.add(hidden.block(p, b), expected.col(at).data(), seen.col(at).data());
        ++at;
      }
    }
    const MatrixF gain = expected * seen.transpose();
    const SignedPermutation found = best_signed_permutation(gain, MatrixF::Zero(size, size));
    const SignedPermutation before = key;
    for (std::size_t i = 0; i < n; ++i) {
      key.place[i] = before.place[found.place[i]];
      key.sign[i] = found.sign[i];
    }
    if (round > 0 && key == before) break;
  }
}

}  // namespace obscura::audit
