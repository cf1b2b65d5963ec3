#pragma once

#include "ckks/context.h"
#include "program/magnitudes.h"
#include "program/program.h"

namespace obscura::program {

/// Checks that what a program says of itself agrees, so that what compiles also runs: of every stage that its plan
/// counts the ciphertexts that its layouts have, that levels go down from what is read to what is made, that scales,
/// constants, weights and predicted errors are finite and can be encoded, that the values of `magnitudes` stay within
/// the modulus; and of the client's part that the reply has the places that are read. Throws UnsupportedError that
/// names the layer and says what to do.
void validate(const Program& program, const Magnitudes& magnitudes, const ckks::Context& context);

}  // namespace obscura::program
