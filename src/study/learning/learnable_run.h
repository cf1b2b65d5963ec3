#pragma once

#include "report/learnable/learnable.h"
#include "study/learning/reproduce_plan.h"

/// `reproduce er-cnn` and `reproduce color-neuracrypt`: networks that read protected pictures.
namespace obscura::study {

/// Trains, tests, reveals and attacks row by row; trainings, tests and attacks are processes of their own. What is
/// finished is kept in the folder `options.out` and not repeated by the next call with the same options, program and
/// machine; a training that was interrupted continues. A row that fails says so in its `problem`, also on standard
/// error, and the others go on. Throws UsageError, IoError.
report::LearnableReport measure_learnable(const ReproduceOptions& options);

}  // namespace obscura::study
