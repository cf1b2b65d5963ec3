#include "audit/algebra/orthogonal_match.h"

#include <algorithm>

#include "image/random.h"

namespace obscura::audit {
namespace {

constexpr int kCandidates = 40;
constexpr std::size_t kRefined = 4;
constexpr int kSteps = 300;
constexpr double kSettled = 1e-10;

double residual_of(const OrthogonalProblem& p, const Matrix& r) {
  double difference = (p.from_rows * r - p.to_rows).squaredNorm();
  double whole = p.from_rows.squaredNorm() + p.to_rows.squaredNorm();
  for (std::size_t d = 0; d < p.from.size(); ++d) {
    difference += (r.transpose() * p.from[d] * r - p.to[d]).squaredNorm();
    whole += p.from[d].squaredNorm() + p.to[d].squaredNorm();
  }
  return whole > 0 ? difference / whole : 1;
}

Matrix eigenvectors(const std::vector<Matrix>& matrices, const Vector& weights) {
  Matrix sum = Matrix::Zero(matrices[0].rows(), matrices[0].cols());
  for (std::size_t d = 0; d < matrices.size(); ++d) {
    sum += weights[static_cast<Eigen::Index>(d)] * (matrices[d] + matrices[d].transpose());
  }
  return Eigen::SelfAdjointEigenSolver<Matrix>(sum).eigenvectors();
}

/// Signs of the columns of `to` that make both sides agree: agreement(i, j) is positive if i and j should have equal
/// signs. The leading eigenvector is the best start; turning single signs over finishes it.
Vector choose_signs(const OrthogonalProblem& p, const Matrix& from, const Matrix& to) {
  Matrix agreement = Matrix::Zero(from.cols(), from.cols());
  for (std::size_t d = 0; d < p.from.size(); ++d) {
    agreement += (from.transpose() * p.from[d] * from).cwiseProduct(to.transpose() * p.to[d] * to);
  }
  agreement = (agreement + agreement.transpose()).eval();
  agreement.diagonal().setZero();
  // Vectors fix what matrices leave open, the sign of all.
  const Vector field = (p.from_rows * from).cwiseProduct(p.to_rows * to).colwise().sum().transpose();
  const Vector leading = Eigen::SelfAdjointEigenSolver<Matrix>(agreement).eigenvectors().rightCols(1);
  Vector signs = leading.unaryExpr([](double v) { return v < 0 ? -1.0 : 1.0; });
  if (signs.dot(field) < 0) signs = -signs;
  for (bool changed = true; changed;) {
    changed = false;
    for (Eigen::Index i = 0; i < signs.size(); ++i) {
      const double pull = agreement.row(i).dot(signs) + field[i];
      if (signs[i] * pull >= 0) continue;
      signs[i] = -signs[i];
      changed = true;
    }
  }
  return signs;
}

/// The orthogonal matrix nearest to a matrix.
Matrix polar(const Matrix& m) {
  const Eigen::BDCSVD<Matrix> svd(m, Eigen::ComputeThinU | Eigen::ComputeThinV);
  return svd.matrixU() * svd.matrixV().transpose();
}

Matrix refine(const OrthogonalProblem& p, Matrix r) {
  for (int step = 0; step < kSteps; ++step) {
    Matrix gradient = p.from_rows.transpose() * p.to_rows;
    for (std::size_t d = 0; d < p.from.size(); ++d) {
      gradient += p.from[d] * r * p.to[d].transpose() + p.from[d].transpose() * r * p.to[d];
    }
    Matrix next = polar(gradient);
    const bool settled = (next - r).squaredNorm() < kSettled;
    r = std::move(next);
    if (settled) break;
  }
  return r;
}

}  // namespace

OrthogonalMatch refine_orthogonal(const OrthogonalProblem& problem, const Matrix& rotation) {
  OrthogonalMatch out;
  out.rotation = refine(problem, rotation);
  out.residual = residual_of(problem, out.rotation);
  return out;
}

OrthogonalMatch match_orthogonal(const OrthogonalProblem& problem, std::uint64_t seed) {
  image::SplitMix random(seed);
  std::vector<OrthogonalMatch> found;
  for (int i = 0; i < kCandidates; ++i) {
    Vector weights(static_cast<Eigen::Index>(problem.from.size()));
    for (double& w : weights) w = random.normal();
    const Matrix from = eigenvectors(problem.from, weights), to = eigenvectors(problem.to, weights);
    const Vector signs = choose_signs(problem, from, to);
    Matrix r = from * signs.asDiagonal() * to.transpose();
    const double residual = residual_of(problem, r);
    found.push_back({std::move(r), residual});
  }
  std::stable_sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.residual < b.residual; });
  found.resize(std::min(found.size(), kRefined));
  for (OrthogonalMatch& match : found) match = refine_orthogonal(problem, match.rotation);
  return *std::min_element(found.begin(), found.end(),
                           [](const auto& a, const auto& b) { return a.residual < b.residual; });
}

}  // namespace obscura::audit
