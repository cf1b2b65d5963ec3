#pragma once

#include <Eigen/Dense>

/// Internal to src/audit: the only place that names Eigen for it. Not for public headers.
namespace obscura::audit {

using Matrix = Eigen::MatrixXd;
using Vector = Eigen::VectorXd;
using Rows = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

}  // namespace obscura::audit
