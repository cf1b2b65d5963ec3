#pragma once

#include "cli/report_learnable.h"
#include "cli/reproduce_plan.h"

/// `reproduce er-cnn` and `reproduce color-neuracrypt`: networks that read protected pictures.
namespace obscura::cli {

/// Trains, tests, reveals and attacks row by row, each step a process of its own. What is finished is kept in the
/// folder `options.out` and not repeated by the next call with the same options, program and machine; a training that
/// was interrupted continues. A row that fails says so in its `problem`, also on standard error, and the others go on.
/// Throws UsageError, IoError.
LearnableReport measure_learnable(const ReproduceOptions& options);

/// Measures, writes report.html, .md, .json and pictures/ into `options.out`, and prints a summary. Throws as
/// measure_learnable, and Error if nothing could be measured.
void reproduce_learnable(const ReproduceOptions& options);

}  // namespace obscura::cli
