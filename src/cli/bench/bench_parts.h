#pragma once

#include <filesystem>

#include "cli/bench/bench_table.h"

/// The parts of `obscura bench`, lowest floor first.
namespace obscura::cli {

void bench_ring(BenchTable& table);
void bench_ckks(BenchTable& table);
/// One image packed and one query batched of this network.
void bench_network(BenchTable& table, const std::filesystem::path& network);

}  // namespace obscura::cli
