// The numbers of published tables, and nothing else.
#include "audit/security/tables.h"
#include "ckks/parameters.h"

namespace obscura::security {
namespace {

// Columns: 128, 192, 256 bits. 2018: as in SEAL's native/src/seal/util/hestdparms.h, which repeats the standard's.
const Table k2018Classical{
    10, {{27, 19, 14}, {54, 37, 29}, {109, 75, 58}, {218, 152, 118}, {438, 305, 237}, {881, 611, 476}}};
const Table k2018Quantum{
    10, {{25, 17, 13}, {51, 35, 27}, {101, 70, 54}, {202, 141, 109}, {411, 284, 220}, {827, 571, 443}}};

// 2024: as in HomomorphicEncryption/SparseLWEkit, Security/README.md, made by the guidelines' script.
const Table k2024Quantum{10,
                         {{20, 0, 0},
                          {40, 29, 22},
                          {80, 59, 47},
                          {161, 119, 95},
                          {322, 239, 192},
                          {644, 479, 385},
                          {1289, 959, 773},
                          {2578, 1920, 0}}};
const Table k2024ClassicalGaussian{10,
                                   {{28, 0, 0},
                                    {55, 38, 30},
                                    {108, 75, 58},
                                    {216, 149, 116},
                                    {432, 299, 232},
                                    {870, 599, 464},
                                    {1749, 1201, 931},
                                    {3525, 2413, 0}}};
const Table k2024QuantumGaussian{10,
                                 {{22, 0, 0},
                                  {42, 31, 25},
                                  {83, 61, 49},
                                  {163, 122, 98},
                                  {324, 242, 195},
                                  {646, 482, 388},
                                  {1291, 962, 775},
                                  {2580, 1922, 0}}};

/// Classical, ternary secrets, 2024: the table that ckks enforces, which is the one copy of it.
Table enforced_table() {
  constexpr int kFirst = 10, kLast = 17;
  Table table{kFirst, {}};
  for (int log_degree = kFirst; log_degree <= kLast; ++log_degree) {
    auto& row = table.max_log_q.emplace_back();
    for (const int level : table_levels()) row.push_back(ckks::max_log_qp(log_degree, level));
  }
  return table;
}

}  // namespace

const Table& table(Standard standard, Attacker attacker, Secret::Kind secret) {
  const bool quantum = attacker == Attacker::quantum;
  static const Table k2024Classical = enforced_table();
  if (standard == Standard::he2018) return quantum ? k2018Quantum : k2018Classical;
  if (secret == Secret::Kind::gaussian) return quantum ? k2024QuantumGaussian : k2024ClassicalGaussian;
  return quantum ? k2024Quantum : k2024Classical;
}

}  // namespace obscura::security
