#pragma once

#include "study/evaluate/evaluation.h"
#include "study/evaluate/request.h"

namespace obscura::study {

/// Images classified in the clear and encrypted, owner to server and back in this process, every step timed and
/// counted. With a journal, what an interrupted run did is not done again; the journal stays, and whoever has stored
/// the result removes it. Shows progress. Throws as reading, compiling and running do.
Evaluation evaluate(const EvaluationRequest& request);

/// The same without encrypting: the program in the clear, with the errors that encryption will make.
SimulatedEvaluation simulate(const EvaluationRequest& request);

}  // namespace obscura::study
