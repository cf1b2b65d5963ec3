#pragma once

#include "report/rcnn/rcnn.h"
#include "study/learning/rcnn_plan.h"

namespace obscura::study {

/// Trains the networks that are not there, indexes, ranks and searches the galleries, in processes of their own; what
/// is finished is kept in the folder `options.out` and not repeated (finished_steps.h). With options.epochs the paper's
/// network is trained in any case. What fails is said in the report, and the rest goes on. Throws UsageError for a row
/// that there is not, IoError for a folder that cannot be made, and as loading the data set where it is missing, before
/// anything is done.
report::RcnnReport measure_rcnn(const ReproduceOptions& options);

}  // namespace obscura::study
