#pragma once

#include "report/chunked/chunked.h"
#include "report/learnable/learnable.h"
#include "report/networks/data.h"
#include "report/rcnn/rcnn.h"

/// What `reproduce` prints: the report in short.
namespace obscura::cli {

void print_report(const report::Report& report);
void print_report(const report::LearnableReport& report);
void print_report(const report::ChunkedReport& report);
void print_report(const report::RcnnReport& report);

}  // namespace obscura::cli
