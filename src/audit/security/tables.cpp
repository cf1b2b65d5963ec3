#include "audit/security/tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace obscura::security {
namespace {

constexpr double kTableError = 3.19;

std::string why_not(const Table& rows, const Lwe& lwe) {
  if (lwe.secret.kind == Secret::Kind::sparse) return "it has no sparse secrets";
  if (lwe.error < kTableError) return fmt::format("its errors are of {:g}, wider than {:g}", kTableError, lwe.error);
  // A narrow secret that is no uniform ternary one.
  if (secret_deviation(lwe) < std::sqrt(2.0 / 3.0) - 1e-9) return "its secrets are wider";
  if (lwe.dimension < std::exp2(rows.first_log_degree)) {
    return fmt::format("it begins at N = 2^{}", rows.first_log_degree);
  }
  return {};
}

/// Between the levels of a row.
int interpolated_bits(const std::vector<int>& row, double log_q) {
  const auto& levels = table_levels();
  double low = levels[0] * static_cast<double>(row[0]);  // bits * log q of the level before
  if (log_q >= row[0]) return static_cast<int>(low / log_q);
  for (std::size_t i = 1; i < levels.size() && row[i] != 0; ++i) {
    const double product = levels[i] * static_cast<double>(row[i]);
    if (log_q >= row[i]) {
      const double part = (row[i - 1] - log_q) / (row[i - 1] - row[i]);
      return static_cast<int>((low + part * (product - low)) / log_q);
    }
    low = product;
  }
  return static_cast<int>(low / log_q);
}

}  // namespace

std::string to_string(Standard standard) {
  return standard == Standard::he2018 ? "2018" : "2024";
}

std::string to_string(Attacker attacker) {
  return attacker == Attacker::classical ? "classical" : "quantum";
}

std::string citation(Standard standard) {
  return standard == Standard::he2018 ? "Homomorphic Encryption Security Standard, HomomorphicEncryption.org, 2018"
                                      : "Security Guidelines for Implementing Homomorphic Encryption, 2024/463";
}

const std::vector<int>& table_levels() {
  static const std::vector<int> levels{128, 192, 256};
  return levels;
}

std::optional<int> max_log_q(Standard standard, Attacker attacker, int log_degree, int level, Secret::Kind secret) {
  const auto& levels = table_levels();
  const auto column = std::find(levels.begin(), levels.end(), level);
  if (column == levels.end()) {
    throw ParameterError(fmt::format("security level {} is none of 128, 192, 256", level));
  }
  const Table& rows = table(standard, attacker, secret);
  const int row = log_degree - rows.first_log_degree;
  if (row < 0 || row >= static_cast<int>(rows.max_log_q.size())) return std::nullopt;
  const int most = rows.max_log_q[static_cast<std::size_t>(row)][static_cast<std::size_t>(column - levels.begin())];
  return most == 0 ? std::nullopt : std::optional(most);
}

TableVerdict look_up(Standard standard, Attacker attacker, const Lwe& lwe) {
  check(lwe);
  const Table& rows = table(standard, attacker, lwe.secret.kind);
  TableVerdict verdict{standard, attacker, 0, 0, 0, 0, why_not(rows, lwe)};
  if (!verdict.not_for_it.empty()) return verdict;
  const int last = rows.first_log_degree + static_cast<int>(rows.max_log_q.size()) - 1;
  verdict.log_degree = std::min(last, static_cast<int>(std::floor(std::log2(lwe.dimension))));
  const auto& row = rows.max_log_q[static_cast<std::size_t>(verdict.log_degree - rows.first_log_degree)];
  verdict.max_log_q_128 = row[0];
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (row[i] != 0 && lwe.log_q <= row[i]) verdict.level = table_levels()[i];
  }
  verdict.bits = interpolated_bits(row, lwe.log_q);
  return verdict;
}

std::vector<TableVerdict> look_up_all(const Lwe& lwe) {
  std::vector<TableVerdict> verdicts;
  for (const Standard standard : {Standard::he2018, Standard::guidelines2024}) {
    for (const Attacker attacker : {Attacker::classical, Attacker::quantum}) {
      verdicts.push_back(look_up(standard, attacker, lwe));
    }
  }
  return verdicts;
}

}  // namespace obscura::security
