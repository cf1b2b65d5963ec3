#pragma once

#include "report/networks/data.h"
#include "study/learning/reproduce_plan.h"

namespace obscura::study {

/// Trains what is missing and measures row by row. What is finished is kept in the folder `options.out` and not
/// repeated by the next call with the same networks, options, program and machine. A row that cannot be measured says
/// so in its `problem`, also on standard error, and the others go on. Throws UsageError, IoError.
report::Report reproduce(const ReproduceOptions& options);

}  // namespace obscura::study
