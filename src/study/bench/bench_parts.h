#pragma once

#include <filesystem>

#include "study/bench/bench_table.h"

/// What is timed, lowest floor first.
namespace obscura::study {

void bench_ring(BenchTable& table);
void bench_ckks(BenchTable& table);
/// One image packed and one query batched of this network.
void bench_network(BenchTable& table, const std::filesystem::path& network);

}  // namespace obscura::study
