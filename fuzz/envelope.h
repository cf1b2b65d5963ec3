#pragma once

#include "fuzz/reader.h"

/// The bytes of ckks/wire.h from outside: for inputs that need not be files at all.
namespace obscura::fuzz {

/// Of a program's payload (program/program_wire.h): what stands before its compressed body.
inline constexpr std::size_t kProgramHead = 1;

bool has_magic(ByteSpan bytes);
/// As its header says. Needs kEnvelopeBytes.
std::uint64_t payload_length(ByteSpan file);
/// A file of exactly the length that its header says.
bool is_envelope(ByteSpan file);

Bytes payload_of(const Bytes& file);
void set_payload(Bytes& file, const Bytes& payload);

Bytes digest_in(const Bytes& file);
void set_digest(Bytes& file, const Bytes& digest);

/// Makes length and checksum right, of kinds that begin with parameters the digest, of queries the id. Leaves alone
/// what is shorter than a file.
void mend_envelope(Bytes& file);

}  // namespace obscura::fuzz
