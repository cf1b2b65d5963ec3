#pragma once

#include <string>
#include <vector>

#include "report/networks/data.h"
#include "report/networks/paper.h"

/// The parts that report_document puts together.
namespace obscura::report {

/// The row's name in every table: says where its images are not the paper's.
std::string row_label(const ReportRow& row);

/// What must stand under every table that shows these rows: other splits, what was not measured.
std::vector<std::string> row_notes(const std::vector<const ReportRow*>& rows);

inline constexpr const char* kPaperRecipe = "as in the paper";

/// kPaperRecipe, or the options by which the network was trained otherwise.
std::string recipe_text(const ReportRow& row);

/// The run whose accuracy counts: the whole one, else the single one; null if neither was made.
const nlohmann::ordered_json& accuracy_run(const ReportRow& row);

/// Seconds of one image alone, from encryption to decryption on one thread; not-a-number if not measured.
double single_seconds(const ReportRow& row);

/// Encrypted seconds of the whole run an image.
double whole_seconds_per_image(const ReportRow& row);

std::vector<const ReportRow*> rows_of_paper(const Report& report);
std::vector<const ReportRow*> rows_of_own(const Report& report);

/// The paper's tables with ours beside.
Table training_table(const Report& report);
Table plain_table(const Report& report);
Table encrypted_table(const Report& report);
Table joint_table(const Report& report);

/// What the paper has no table of.
Table own_table(const Report& report);
Table latency_table(const Report& report);
Table agreement_table(const Report& report);
Table parameter_table(const Report& report);
Table size_table(const Report& report);
Table network_table(const Report& report);
Matrices confusion_pictures(const Report& report);
Histograms error_pictures(const Report& report);

}  // namespace obscura::report
