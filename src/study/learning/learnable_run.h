#pragma once

#include "report/learnable/learnable.h"
#include "study/learning/reproduce_plan.h"

/// `reproduce er-cnn` and `reproduce color-neuracrypt`: networks that read protected pictures.
namespace obscura::study {

/// Trains, tests, reveals and attacks row by row; trainings, tests and attacks are processes of their own. What is
/// finished is kept in the folder `options.out` and not repeated by the next call with the same options, program and
/// machine; a training that was interrupted continues. A whole row is also a line of options.journal, and a row that is
/// there by the same plan is not measured, wherever it was. What a row builds on is trained before. A row that fails
/// says so in its `problem`, also on standard error, and the others go on. Throws UsageError, IoError, FormatError for
/// a damaged journal.
report::LearnableReport measure_learnable(const ReproduceOptions& options);

/// The same report of what the journal has, the last of each row, whatever its sizes; the other rows are not measured.
/// Throws IoError where there is no journal, FormatError for a damaged one.
report::LearnableReport kept_learnable(const ReproduceOptions& options);

}  // namespace obscura::study
