#pragma once

#include "compile/compile.h"
#include "compile/names.h"
#include "compile/weigh.h"
#include "nn/graph.h"
#include "program/magnitudes.h"
#include "program/merge.h"

namespace obscura::compile {

/// What is planned: a network, as encryption sees it, and how large its values get.
struct Subject {
  const nn::Graph& graph;
  const program::StagedNetwork& network;
  const Magnitudes& magnitudes;
};

/// What answers that are shown ask of a program: noise that can be multiplied by so much and comes to no more than this
/// part of the largest logit.
struct Shown {
  double flooding = 0, error = 1;
  bool finest = false;  ///< where that takes the longer search
};

/// A program, and what came of weighing its rotations.
struct Plan {
  Program program;
  Weighed weighed;
};

/// Parameters are searched before there are layouts, which make errors larger: then once more, with the fan-ins that
/// the layouts have, for the most precise parameters of as many primes, or the fewest that reach what is accepted.
/// Throws as find_schedule and plan_packed.
Plan planned_in(int min_log_degree, const Subject& subject, const CompileOptions& options, const Shown& shown);

/// Adds a line to a program's reasons where logits of a few bits less would do with a much shorter chain: half
/// the time of a deep network may hang on a precision that nobody asked for.
void offer_less(const Subject& subject, const CompileOptions& options, Program& program);

}  // namespace obscura::compile
