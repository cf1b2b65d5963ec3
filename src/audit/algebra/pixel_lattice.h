#pragma once

#include <optional>

#include "audit/algebra/matrices.h"

/// Internal to src/audit.
namespace obscura::audit {

/// A rough inverse of an unknown linear map made exact, where to_whole_numbers() has not enough to go on with. What was
/// mapped are blocks of whole numbers, so the rows of `differences` are points of a lattice, and the short ones among
/// them generate all of it. Its reduced basis is the map itself up to a change of basis by whole numbers, which is read
/// off the rough inverse. That may be off in scale by some tens of percent. What is returned takes whole numbers to
/// whole numbers both ways, and is the inverse, or the inverse with pixels that have changed places or have others
/// added to them: smoothest() tells. Nothing if no such map was found.
std::optional<Matrix> whole_inverse(const Matrix& differences, const Matrix& rough);

}  // namespace obscura::audit
