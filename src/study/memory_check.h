#pragma once

#include <cstddef>

#include "compile/compile.h"

/// Said before the machine swaps for hours.
namespace obscura::study {

/// Bytes of plaintexts that a runner of this program may keep ready: the default, or what is left of a budget.
std::size_t matrix_memory(const compile::Budget& budget, const program::Program& program);

/// Throws UnsupportedError for a program that needs more memory than is free.
void check_memory(const program::Program& program);

/// The same for a query of this program, at the owner.
void check_query_memory(const message::ClientSpec& client);

}  // namespace obscura::study
