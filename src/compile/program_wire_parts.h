#pragma once

#include <cstdint>

#include "ckks/wire.h"

/// For the two halves of compile/program_wire.h alone.
namespace obscura::compile {

/// Of the payload.
inline constexpr std::uint8_t kProgramVersion = 1;

/// The program's name.
ckks::Digest name_of(ckks::ByteSpan body);

}  // namespace obscura::compile
