#pragma once

#include "audit/randomness/bits.h"
#include "audit/randomness/outcome.h"

namespace obscura::randomness {

/// SP 800-22 rev. 1a, section 2.6: 95 % of the discrete Fourier transform's peaks should be below a threshold. From
/// 1,000 bits on, of any number: lengths with a prime factor above 5 go through Bluestein's convolution. The variance
/// n 0.95 0.05 / 4 is the standard's; it is some 5 % too small (Pareschi, Rovatti, Setti 2012), so that true randomness
/// fails at level 0.01 in 1.2 % of sequences.
Outcome spectrum(const BitSequence& bits);

}  // namespace obscura::randomness
