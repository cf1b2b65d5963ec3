#pragma once

#include <string>

#include "program/program.h"

namespace obscura::study {

/// How many times as long as the model of costs this processor takes, on one thread: predicted times are those of one
/// fixed machine, so that a network gives the same program everywhere (circuits::StepCosts). Times the decomposition
/// that key switching begins with, at the program's own ring and first level: the median of up to five
/// behind one that is not counted, so many as half a second has room for. Memory that is slower or busier than its
/// arithmetic makes large networks take longer still.
double machine_slowdown(const program::Program& program);

/// The line of `compile`: what to expect of a packed program here.
std::string expected_here(const program::Program& program, double slowdown);

}  // namespace obscura::study
