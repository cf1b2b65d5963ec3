#pragma once

#include "report/chunked/chunked.h"
#include "study/learning/reproduce_plan.h"

namespace obscura::study {

/// The chunked-CNN paper's tables and figures again: networks that are not there are trained, each row is a run of
/// `evaluate` in a process of its own; key sizes, times to encrypt and runs in the clear are found here. What is
/// finished is kept in the folder `options.out` and not repeated while files, command, program and machine are the
/// same. A row that cannot be measured says so in its `problem`, also in a note, and the others go on. Throws
/// UsageError, IoError, and as image::load_dataset where the test pictures are missing altogether.
report::ChunkedReport measure_chunked(const ReproduceOptions& options);

}  // namespace obscura::study
