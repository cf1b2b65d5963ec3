#include "audit/statistics/feature_statistics.h"

namespace obscura::audit {
namespace {

void count(const PlacedSamples& samples, std::size_t place, MatrixF& counts) {
  for (std::size_t n = 0; n < samples.count; ++n) {
    const std::uint8_t* from = samples.block(n, place);
    for (std::size_t i = 0; i < samples.size; ++i) counts(static_cast<Eigen::Index>(i), from[i]) += 1;
  }
}

MatrixF zero_counts(const PlacedSamples& samples) {
  return MatrixF::Zero(static_cast<Eigen::Index>(samples.size), 16);
}

MatrixF imbalance_of(const MatrixF& counts, std::size_t blocks) {
  return 4 / static_cast<float>(blocks) * (counts.leftCols(8) - counts.rightCols(8).rowwise().reverse());
}

}  // namespace

MatrixF imbalance(const PlacedSamples& samples) {
  MatrixF counts = zero_counts(samples);
  for (std::size_t b = 0; b < samples.places(); ++b) count(samples, b, counts);
  return imbalance_of(counts, samples.count * samples.places());
}

MatrixF imbalance(const PlacedSamples& samples, std::size_t place) {
  MatrixF counts = zero_counts(samples);
  count(samples, place, counts);
  return imbalance_of(counts, samples.count);
}

MatrixF signatures(const std::vector<FeatureStatistics>& statistics) {
  std::vector<MatrixF> tables;
  for (const FeatureStatistics& s : statistics) {
    for (const MatrixF& m : s.matrices) {
      tables.push_back(sorted_rows(s.odd ? MatrixF(m.cwiseAbs()) : m));
      tables.push_back(m.diagonal());
    }
    tables.push_back(s.odd ? MatrixF(s.means.cwiseAbs()) : s.means);
  }
  return beside(tables);
}

void choose_signs(const std::vector<FeatureStatistics>& x, const std::vector<FeatureStatistics>& y,
                  SignedPermutation& q) {
  const Eigen::Index size = x[0].means.rows();
  MatrixF agreement = MatrixF::Zero(size, size);
  const SignedPermutation places{q.place, std::vector<float>(q.place.size(), 1)};
  for (std::size_t f = 0; f < x.size(); ++f) {
    if (!x[f].odd) continue;
    for (std::size_t d = 0; d < x[f].matrices.size(); ++d) {
      const MatrixF half = places.columns(x[f].matrices[d]).transpose();
      agreement += places.columns(half).transpose().cwiseProduct(y[f].matrices[d]);
    }
  }
  agreement = (agreement + agreement.transpose()).eval();
  agreement.diagonal().setZero();
  VectorF leading = Eigen::SelfAdjointEigenSolver<MatrixF>(agreement).eigenvectors().rightCols(1);
  for (std::size_t i = 0; i < q.place.size(); ++i) {
    q.sign[i] = leading[static_cast<Eigen::Index>(q.place[i])] < 0 ? -1.0F : 1.0F;
  }
}

float agreement_of_means(const std::vector<FeatureStatistics>& x, const std::vector<FeatureStatistics>& y,
                         const SignedPermutation& q) {
  float agreement = 0;
  for (std::size_t f = 0; f < x.size(); ++f) {
    if (x[f].odd) agreement += q.columns(x[f].means.transpose()).transpose().cwiseProduct(y[f].means).sum();
  }
  return agreement;
}

void turn_over(SignedPermutation& key) {
  for (float& sign : key.sign) sign = -sign;
}

}  // namespace obscura::audit
