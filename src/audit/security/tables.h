#pragma once

#include <optional>
#include <string>
#include <vector>

#include "audit/security/lwe.h"

namespace obscura::security {

/// Published tables of the largest modulus that still has a level of security.
enum class Standard {
  /// Albrecht et al., "Homomorphic Encryption Security Standard", HomomorphicEncryption.org, November 2018, tables 1
  /// and
  /// 2, rows "(-1, 1)": sigma 3.2, costs 8 d 2^(0.292 b + 16.4), quantum 0.265. N from 2^10 to 2^15. SEAL's limits.
  he2018,
  /// Bossuat et al., "Security Guidelines for Implementing Homomorphic Encryption", 2024/463: sigma 3.19, any number of
  /// samples, the lattice estimator's uSVP and dual hybrid attacks. N from 2^10 to 2^17. Obscura enforces its classical
  /// 128-bit column for ternary secrets (ckks::max_log_qp) on Q P.
  guidelines2024,
};

/// What the attacker has.
enum class Attacker { classical, quantum };

std::string to_string(Standard standard);
std::string to_string(Attacker attacker);
/// In words: title, number, year.
std::string citation(Standard standard);

/// Levels that tables have: 128, 192, 256.
const std::vector<int>& table_levels();

/// Rows of one table as published: the first log2 N, and for each N the largest log2 q of every level; 0: no entry.
struct Table {
  int first_log_degree = 0;
  std::vector<std::vector<int>> max_log_q;
};

/// Of ternary secrets, or Gaussian ones, which only the guidelines of 2024 have (others get the ternary table).
const Table& table(Standard standard, Attacker attacker, Secret::Kind secret);

/// The largest log2 q with at least `level` bits at degree 2^log_degree, as printed. Nothing where the table has no
/// such entry. Throws ParameterError for a level that is none of 128, 192, 256.
std::optional<int> max_log_q(Standard standard, Attacker attacker, int log_degree, int level,
                             Secret::Kind secret = Secret::Kind::ternary);

/// What a table says of an instance.
struct TableVerdict {
  Standard standard = Standard::guidelines2024;
  Attacker attacker = Attacker::classical;
  int log_degree = 0;      ///< the row that was read: of the largest degree that is not above the dimension
  int level = 0;           ///< 256, 192 or 128, the largest that the row grants; 0: none
  int bits = 0;            ///< between the levels by interpolation
  int max_log_q_128 = 0;   ///< of that row
  std::string not_for_it;  ///< why it says nothing of this instance; empty: it does
};

/// Dimensions that are no row get the row below, never one in between: that is conservative. `bits` between two levels
/// interpolates bits * log2 q, which is nearly constant along a row, and goes on in proportion beyond them; rounded
/// down. Tables say nothing of sparse secrets, of errors narrower than theirs, nor of degrees below their first.
TableVerdict look_up(Standard standard, Attacker attacker, const Lwe& lwe);

/// All four.
std::vector<TableVerdict> look_up_all(const Lwe& lwe);

}  // namespace obscura::security
