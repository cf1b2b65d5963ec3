#include "audit/algebra/signed_permutation.h"

#include <algorithm>
#include <numeric>

#include "audit/algebra/assignment.h"

namespace obscura::audit {
namespace {

Eigen::Index index(std::size_t v) {
  return static_cast<Eigen::Index>(v);
}

/// Row i goes to column place[i], at the least sum of costs.
std::vector<std::size_t> assign_least(const MatrixF& cost) {
  std::vector<double> values;
  values.reserve(static_cast<std::size_t>(cost.size()));
  for (Eigen::Index i = 0; i < cost.rows(); ++i) {
    for (Eigen::Index j = 0; j < cost.cols(); ++j) values.push_back(static_cast<double>(cost(i, j)));
  }
  return assign(values, static_cast<std::size_t>(cost.rows()), static_cast<std::size_t>(cost.cols()));
}

}  // namespace

SignedPermutation SignedPermutation::identity(std::size_t size) {
  SignedPermutation out{std::vector<std::size_t>(size), std::vector<float>(size, 1)};
  std::iota(out.place.begin(), out.place.end(), 0);
  return out;
}

MatrixF SignedPermutation::columns(const MatrixF& m, bool with_signs) const {
  MatrixF out(m.rows(), m.cols());
  for (std::size_t i = 0; i < place.size(); ++i) {
    out.col(index(place[i])) = (with_signs ? sign[i] : 1.0F) * m.col(index(i));
  }
  return out;
}

SignedPermutation best_signed_permutation(const MatrixF& odd, const MatrixF& even) {
  SignedPermutation out;
  out.place = assign_least(-(odd.cwiseAbs() + even));
  for (std::size_t i = 0; i < out.place.size(); ++i) {
    out.sign.push_back(odd(index(i), index(out.place[i])) < 0 ? -1.0F : 1.0F);
  }
  return out;
}

SignedPermutation match_rows(const MatrixF& plain, const MatrixF& hidden) {
  MatrixF cost(plain.rows(), hidden.rows());
  for (Eigen::Index i = 0; i < cost.rows(); ++i) {
    for (Eigen::Index j = 0; j < cost.cols(); ++j) cost(i, j) = (plain.row(i) - hidden.row(j)).cwiseAbs().sum();
  }
  SignedPermutation out{assign_least(cost), {}};
  out.sign.assign(out.place.size(), 1);
  return out;
}

MatrixF sorted_rows(MatrixF m) {
  std::vector<float> row(static_cast<std::size_t>(m.cols()));
  for (Eigen::Index i = 0; i < m.rows(); ++i) {
    for (Eigen::Index j = 0; j < m.cols(); ++j) row[static_cast<std::size_t>(j)] = m(i, j);
    std::sort(row.begin(), row.end());
    for (Eigen::Index j = 0; j < m.cols(); ++j) m(i, j) = row[static_cast<std::size_t>(j)];
  }
  return m;
}

MatrixF beside(const std::vector<MatrixF>& tables) {
  Eigen::Index columns = 0;
  for (const MatrixF& t : tables) columns += t.cols();
  MatrixF out(tables[0].rows(), columns);
  Eigen::Index at = 0;
  for (const MatrixF& t : tables) {
    out.middleCols(at, t.cols()) = t;
    at += t.cols();
  }
  return out;
}

}  // namespace obscura::audit
