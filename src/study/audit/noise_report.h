#pragma once

#include <string>

#include "report/document.h"
#include "study/audit/noise.h"

namespace obscura::study {

/// A row a stage: predicted and measured deviation, their ratio, largest error, bits left, verdict.
report::Table noise_table(const NoiseAudit& audit);
/// One sentence on all stages.
std::string noise_verdict(const NoiseAudit& audit);
/// The page: verdict, table, and errors by stage on a logarithmic axis.
report::Document noise_document(const NoiseAudit& audit, const std::string& command);

}  // namespace obscura::study
