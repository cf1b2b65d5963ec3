#include "audit/pairs/match_pairs.h"

#include <numeric>

#include "audit/pairs/pair_distances.h"
#include "base/error.h"

namespace obscura::audit {
namespace {

using Index = Eigen::Index;

constexpr int kRounds = 40;
constexpr float kRidge = 1e-3F;

/// All patches of a picture in one row, less the mean of all pictures.
Patches centred(std::span<const Patches> pictures, const Order& rows) {
  const Index width = pictures.front().cols();
  Patches out(static_cast<Index>(pictures.size()), static_cast<Index>(rows.size()) * width);
  for (std::size_t i = 0; i < pictures.size(); ++i) {
    for (std::size_t p = 0; p < rows.size(); ++p) {
      out.block(static_cast<Index>(i), static_cast<Index>(p) * width, 1, width) =
          pictures[i].row(static_cast<Index>(rows[p]));
    }
  }
  out.rowwise() -= out.colwise().mean().eval();
  return out;
}

/// Rows of `m`, each cut into pieces of `width`, in the order of `rows`.
Eigen::Map<const Patches> pieces(const Patches& m, Index width) {
  return {m.data(), m.size() / width, width};
}

/// The key, as far as it is an affine map, from pairs as they are matched so far; then each picture's image anew, as
/// the one that this map takes nearest to it. Until nothing changes.
Order extract_and_match(std::span<const Patches> ciphers, std::span<const Patches> plains, const PairMatch& match) {
  Order identity(match.position.size());
  std::iota(identity.begin(), identity.end(), std::size_t{0});
  const Index width = ciphers.front().cols(), inputs = plains.front().cols();
  const Patches z = centred(ciphers, identity), x = centred(plains, match.position);
  Order images = match.original;
  for (int round = 0; round < kRounds; ++round) {
    Patches known(z.rows(), x.cols());
    for (std::size_t i = 0; i < images.size(); ++i) {
      known.row(static_cast<Index>(i)) = x.row(static_cast<Index>(images[i]));
    }
    const auto from = pieces(known, inputs), to = pieces(z, width);
    Eigen::MatrixXf gram = from.transpose() * from;
    gram.diagonal().array() += kRidge * gram.trace() / static_cast<float>(inputs) + 1e-9F;
    const Eigen::MatrixXf map = gram.ldlt().solve(from.transpose() * to);
    Patches encoded(z.rows(), z.cols());
    Eigen::Map<Patches>(encoded.data(), encoded.size() / width, width) = pieces(x, inputs) * map;
    const Order next = assigned(squared_differences(z.cast<double>(), encoded.cast<double>()));
    if (next == images) break;
    images = next;
  }
  return images;
}

void check(const shield::Parameters& what, std::span<const shield::Protected> ciphers,
           std::span<const image::Image> plains) {
  if (!shield::is_encoder(what.shield)) {
    throw UnsupportedError("pairs are matched for neuracrypt and color-neuracrypt, not for " + what.shield);
  }
  if (ciphers.size() != plains.size() || plains.size() < 2) {
    throw MismatchError("matching needs as many protected pictures as plain images, two or more of each");
  }
}

}  // namespace

PairMatch match_pairs(const shield::Parameters& wanted, std::span<const shield::Protected> ciphers,
                      std::span<const image::Image> plains, const MatchOptions& options) {
  const shield::Parameters what = shield::complete(wanted);
  check(what, ciphers, plains);
  const bool shuffled = what.shield == "neuracrypt";
  std::vector<Patches> pictures;
  for (const shield::Protected& cipher : ciphers) pictures.push_back(cipher_patches(cipher.picture, what));
  if (shuffled) align_rows(pictures);
  const Distances cipher = distances_of(pictures);
  const Distances plain = expected_distances(what, plains, options.seed);

  PairMatch out;
  if (!shuffled) {
    out.position.resize(cipher.at.size());
    std::iota(out.position.begin(), out.position.end(), std::size_t{0});
  }
  out.original = first_match(cipher, plain, out.position);
  for (int round = 0; round < kRounds; ++round) {
    const Order before = out.original;
    out.original = match_images(cipher, plain, out.original, out.position);
    if (out.original != before) continue;
    if (!shuffled) break;
    const Order positions = match_positions(cipher, plain, out.original);
    if (positions == out.position) break;
    out.position = positions;
  }
  std::vector<Patches> known;
  for (const image::Image& image : plains) known.push_back(plain_patches(image, what.block));
  out.original = extract_and_match(pictures, known, out);
  out.residual = 1 - agreement_of(cipher, plain, out.original, out.position);
  return out;
}

}  // namespace obscura::audit
