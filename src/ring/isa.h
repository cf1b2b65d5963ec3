#pragma once

#include <string_view>

namespace obscura::ring {

/// Instruction sets that the kernels are written for: of x86-64 weakest first, then WebAssembly's.
enum class Isa { scalar, avx2, ifma, simd128 };

std::string_view isa_name(Isa isa);

/// The best set that this processor has.
Isa best_isa();
/// Whether it has this one.
bool has_isa(Isa isa);

/// The set in use: $OBSCURA_ISA (scalar, avx2 or ifma; of WebAssembly scalar or simd128) if set, else best_isa(). Read
/// once. Throws ParameterError if the variable names none of them or one that the processor lacks.
Isa selected_isa();

}  // namespace obscura::ring
