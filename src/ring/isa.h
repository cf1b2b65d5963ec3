#pragma once

#include <string_view>

namespace obscura::ring {

/// Instruction sets that the kernels are written for, weakest first.
enum class Isa { scalar, avx2, ifma };

std::string_view isa_name(Isa isa);

/// The best set that this processor has.
Isa best_isa();

/// The set in use: $OBSCURA_ISA (scalar, avx2 or ifma) if set, else best_isa(). Read once.
/// Throws ParameterError if the variable names none of them or one that the processor lacks.
Isa selected_isa();

}  // namespace obscura::ring
