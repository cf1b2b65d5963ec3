#pragma once

#include <filesystem>
#include <string>

#include "report/rcnn/rcnn.h"
#include "study/learning/rcnn_plan.h"
#include "study/learning/rcnn_steps.h"

namespace obscura::study {

/// The networks of `reproduce rcnn`: taken from the folder of networks if they were trained on the data set, else
/// trained into options.out / "models". What fails is their problem.

/// The paper's classifier, and how it does on the test pictures. With options.epochs it is trained in any case.
report::RcnnNetwork rcnn_network(const ReproduceOptions& options, RcnnSteps& steps);

/// The project's own embedding, of the features of obscura-m, which is trained where it is not there.
report::RcnnNetwork embedding_network(const ReproduceOptions& options, RcnnSteps& steps);

}  // namespace obscura::study
