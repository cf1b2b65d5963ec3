#pragma once

#include <functional>

#include "fuzz/reader.h"

namespace obscura::fuzz {

/// Changes bytes in some way.
using Change = std::function<void(Bytes&)>;

/// One small change: bits flipped, a number written over, bytes cut out, doubled or appended, a piece moved. Half of
/// them hit the first bytes, where counts are.
void change_bytes(Bytes& bytes, Random& random);

/// Changes what stands behind the seals of an input and mends them: payloads of files within files, lengths, digests,
/// ids and checksums. Now and then a seal is left broken, or the bytes changed as they are.
void change_sealed(Seal seal, Bytes& input, const Change& change, Random& random);

}  // namespace obscura::fuzz
