#pragma once

#include "ckks/context.h"
#include "compile/names.h"

namespace obscura::compile {

/// What a megabyte of evaluation keys may cost in time, at first: they are sent once and kept in memory.
inline constexpr double kMicrosecondsPerKeyMegabyte = 100;

/// Predicted microseconds of the activation of one ciphertext.
double activation_cost(const Stage& stage, const ckks::Context& context, const StageSchedule& schedule);

/// Splits every stage of a packed program, as plan_packed() leaves it, into baby and giant steps anew, at another price
/// of keys. Layouts and diagonals stay. Stages are taken from the highest level down, and steps that one above has a
/// key of are free to it: a key serves every level below its own. Predictions and key sizes of the stages follow.
void replan_rotations(const ckks::Context& context, double microseconds_per_key_megabyte, Program& program);

}  // namespace obscura::compile
