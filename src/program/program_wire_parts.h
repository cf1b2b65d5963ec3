#pragma once

#include <cstdint>

#include "ckks/wire.h"
#include "program/program.h"

/// For the two halves of program/program_wire.h and their tests alone.
namespace obscura::program {

/// Of the payload.
inline constexpr std::uint8_t kProgramVersion = 4;

/// Before compression. A program has one body.
ckks::Bytes write_body(const Program& program);
/// Throws as read_program.
Program read_body(ckks::ByteSpan body, std::string_view what);

/// The program's name.
ckks::Digest name_of(ckks::ByteSpan body);

}  // namespace obscura::program
